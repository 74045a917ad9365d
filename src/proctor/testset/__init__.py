"""
Test sets, their labels, and the facts about labels that can be told without telling the labels.

An account belongs to the *examples* (`fingerprint`), not to a file (design.md, rule 6).
Sealing lives in `proctor.testset.sealing`, which is imported where it is used: it loads `cryptography`.
"""

from proctor.testset.examples import ExampleFiles, TestSet, load
from proctor.testset.features import write_features
from proctor.testset.forms import Form, blank_form
from proctor.testset.identity import (
    EXAMPLES,
    Copies,
    Doubtful,
    Fresh,
    Judgment,
    Shares,
    Traits,
    judge,
    open_traits,
    seal_traits,
)
from proctor.testset.ranks import Agreement, agreement, tags_of
from proctor.testset.register import LabelChange, LabelRegister, register_labels
from proctor.testset.requests import Requests
from proctor.testset.sketch import Overlap, Sketch, overlap, sketch
