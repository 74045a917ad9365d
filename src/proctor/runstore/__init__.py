"""
The team's shared run store: a mirror of what the ledger has already released, never the source of truth.

A store that is down, slow or wrong does not change a verdict: what could not be sent waits in an `Outbox`.
Only a `Release` gets in here; the owner's figures take a separate door (`proctor.runstore.mlflow.record_private`).
"""
