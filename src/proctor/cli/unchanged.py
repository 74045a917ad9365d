"""
A commit that leaves the model alone: no question about the model is new, so none is asked, and nothing is charged.

Only what was submitted is compared (theory.md §4.3.3); what a model does on the examples is not looked at.
"""

from __future__ import annotations

import filecmp
from dataclasses import replace

from proctor.cli.workflow import terms
from proctor.conditions import parse
from proctor.gatefile import Accepted, Gate, PredictionsFile, Revision
from proctor.ledger.history import Question
from proctor.surroundings import Surroundings


def question(gate: Gate, surroundings: Surroundings, commit: str | None) -> Gate | None:
    """
    What is left to ask of *gate* if its candidate is the model that it would be compared with.

    Returns:
        The gate as it is if the model has changed, or the answer is recorded; the gate that accepts a first candidate
        if none has been judged on this test set; ``None`` if there is nothing to ask.

    Raises:
        ProctorError: If test set, models or ledger cannot be read.

    """
    if not _looks_the_same(gate):
        return gate
    from proctor.gate.books import consult
    from proctor.gate.case import open_case

    case = open_case(gate, surroundings, commit=commit)
    life = consult(case.ledger, case.exam).life
    candidate, baseline = case.candidate.submission, case.baseline(life)
    if baseline is None or baseline.submission.digest != candidate.digest:
        return gate
    if life is None or not any(taken.record.origin.gate == gate.name for taken in life.verdicts):
        return replace(gate, baseline=Accepted())
    asked = Question(str(parse(gate.condition)), candidate, baseline.submission, gate.name)
    return gate if life.recorded_answer(asked) is not None else None


def _looks_the_same(gate: Gate) -> bool:
    """Cheap: False is certain."""
    match gate.baseline:
        case Revision(revision):
            paths = terms.paths_of(gate.candidate, gate) if terms.has_extent(gate.candidate) else ()
            return terms.git_says_yes(gate.root, "diff", "--quiet", "--end-of-options", revision, "--", *paths)
        case PredictionsFile(old) if isinstance(gate.candidate, PredictionsFile):
            files = gate.resolve(old), gate.resolve(gate.candidate.predictions)
            return all(file.is_file() for file in files) and filecmp.cmp(*files, shallow=False)
        case _:
            return False
