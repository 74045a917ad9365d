"""
Conditions that read columns of their own: one file of predictions has a class, a score and a judge's score, say.

Each condition of a map may name the column that it reads; what one file has beside another is known of files alone,
so whatever is run, or counted by an engine, has one column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor import conditions
from proctor.counting.reading import Content, Reading
from proctor.errors import ConditionError
from proctor.gatefile.contenders import Candidate, PredictionsFile
from proctor.gatefile.declarations import TestSetSource
from proctor.gatefile.feedback import Estimate
from proctor.gatefile.keys import StakesWord
from proctor.gatefile.kinds import Schema
from proctor.gatefile.named import by_column, names_their_own
from proctor.gatefile.nodes import Source
from proctor.methods import reading_of
from proctor.models.runnable import Versioned

Values = Mapping[str, Any]

_HINT = "let one name a column of its own, `{condition: …, prediction: score}`, or ask them in two gate files"
_ONE_COLUMN = "has one column of predictions, and `conditions` name several; name files: `{}: {{predictions: FILE}}`"


def schema() -> Schema:
    """The rules that speak of keys and plain values alone, as JSON Schema."""
    one_names_its_own: Schema = {
        "type": "object",
        "not": {"additionalProperties": {"not": {"type": "object", "required": ["prediction"]}}},
    }
    return {
        "if": {"required": ["conditions"], "properties": {"conditions": one_names_its_own}},
        "then": {
            "properties": {
                "candidate": {"required": ["predictions"]},
                "baseline": {"not": {"type": "object", "required": ["model"]}},
                "testset": {"properties": {"engine": False}},
                "feedback": {"not": {"type": "object", "required": ["estimate"]}},
                "stakes": {"not": {"const": "informed"}},
                "development": False,
            }
        },
    }


def check(values: Values, source: Source) -> tuple[Reading, ...]:
    """
    Report conditions that do not fit the columns that they read.

    Returns:
        How each column is read; none at all if that cannot be told.
    """
    named, candidate, condition = values.get("conditions"), values.get("candidate"), values.get("condition")
    if not isinstance(condition, str):
        return ()
    asked = {"": condition}
    if isinstance(named, tuple):
        asked = by_column(named, candidate.prediction if isinstance(candidate, PredictionsFile) else "")
        if names_their_own(named):
            _predictions_are_files(values, source)
    return _readings(asked, source)


def _readings(asked: Mapping[str, str], source: Source) -> tuple[Reading, ...]:
    """Report what reads one column in two ways, or the labels, of which there is one column for all."""
    found: list[Reading] = []
    for column, condition in asked.items():
        try:
            found.append(reading_of(conditions.normalize_apart(conditions.parse(condition))))
        except ConditionError as error:
            source.refuse("conditions", f"{error.message}; {_HINT}")
            return ()
        if len({each.labels for each in found} - {Content.ANY}) > 1:
            message = f"what is asked of the column {column!r} reads the labels otherwise than what stands before it"
            source.refuse("conditions", message)
            return ()
    return tuple(found)


def _predictions_are_files(values: Values, source: Source) -> None:
    candidate, baseline, testset = values.get("candidate"), values.get("baseline"), values.get("testset")
    if isinstance(candidate, Candidate) and not isinstance(candidate, PredictionsFile):
        source.refuse("candidate", f"what is run {_ONE_COLUMN.format('candidate')}")
    if isinstance(baseline, Versioned):
        source.refuse("baseline", f"a saved model {_ONE_COLUMN.format('baseline')}")
    if isinstance(testset, TestSetSource) and testset.engine is not None:
        message = "`engine` counts one column of a table, and `conditions` name several; leave it out"
        source.refuse("testset.engine", message)
    if isinstance(values.get("feedback"), Estimate):
        source.refuse("feedback", "`estimate` is of one column, and `conditions` name several; leave it out")
    if values.get("stakes") is StakesWord.INFORMED:
        source.refuse("stakes", "`stakes: informed` goes with one column of predictions, and `conditions` name several")
    if values.get("development") is not None:
        message = "`development` has one column of predictions, and `conditions` name several; leave it out"
        source.refuse("development", message)
