"""
Turning what a developer submits into predictions.

One file per concern; each heavy library is imported in one file only, and in the child process.
Models run as children that are given features and never labels (design.md, rule 5).
"""
