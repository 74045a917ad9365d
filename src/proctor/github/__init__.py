"""
GitHub: what an event is (`event`), what to do about it (`activities`), the deeds as values (`effects`).

Deciding is pure; only `client` and the applier in `effects` touch the network or files.
Artifacts from pull requests are read by `artifact`, which trusts nothing.
"""
