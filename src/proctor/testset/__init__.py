"""
What a test set is, what its labels are, and what can be said of them without saying them.

An account belongs to the *examples* (`fingerprint`), not to a file (design.md, rule 6).
Sealing lives in `proctor.testset.sealing`, which is imported where it is used: it loads `cryptography`.
"""

from proctor.testset.examples import ExamFiles, TestSet, load
from proctor.testset.features import write_features
from proctor.testset.register import LabelChange, LabelRegister, commit_labels, register_labels
from proctor.testset.requests import LabelRequest, write_request
from proctor.testset.sketch import Overlap, Sketch, overlap, sketch

__all__ = [
    "ExamFiles",
    "LabelChange",
    "LabelRegister",
    "LabelRequest",
    "Overlap",
    "Sketch",
    "TestSet",
    "commit_labels",
    "load",
    "overlap",
    "register_labels",
    "sketch",
    "write_features",
    "write_request",
]
