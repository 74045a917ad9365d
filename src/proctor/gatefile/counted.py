"""Rules for test sets that an engine counts (`testset.engine`): what goes by single examples does not go with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor import conditions
from proctor.conditions import Formula, Quantity, Variable
from proctor.errors import ConditionError
from proctor.gatefile import grouping
from proctor.gatefile.contenders import Accepted, Candidate, PredictionsFile, Revision
from proctor.gatefile.declarations import Inputs, Labeling, TestSetSource
from proctor.gatefile.feedback import Estimate
from proctor.gatefile.keys import StakesWord
from proctor.gatefile.kinds import Schema
from proctor.gatefile.nodes import Source
from proctor.gatefile.saved import where
from proctor.methods import Counted, GapMethod, method_of
from proctor.models.runnable import Versioned

Values = Mapping[str, Any]

_OF_EXAMPLES = ("features", "sample", "cluster", "repeats")


def schema() -> Schema:
    """The rules that speak of keys and plain values alone, as JSON Schema."""
    testset = {**dict.fromkeys(_OF_EXAMPLES, False), "inputs": {"const": "open"}}
    return {
        "if": where(testset={"type": "object", "required": ["engine"]}),
        "then": {
            "properties": {
                "testset": {"properties": testset},
                "candidate": {"required": ["predictions"]},
                "baseline": {"not": {"type": "object", "required": ["revision"]}},
                "labels": {"const": "all"},
                "stakes": {"not": {"const": "informed"}},
                "development": False,
            }
        },
    }


def check(values: Values, formula: Formula | None, testset: TestSetSource, source: Source) -> None:
    """Report what an engine cannot do."""
    for key in _OF_EXAMPLES:
        if getattr(testset, key) is not None:
            message = f"`{key}` is about single examples, and `engine` counts tables; leave one of them out"
            source.refuse(f"testset.{key}", message)
    if testset.inputs is Inputs.SEALED:
        source.refuse("testset.inputs", "`engine` counts predictions that are made on open inputs")
    if values.get("labels") in {Labeling.SEQUENTIAL, Labeling.SAMPLED}:
        source.refuse("labels", "`engine` counts all labels at once; write `labels: all`")
    is_there = {"stakes": values.get("stakes") is StakesWord.INFORMED, "development": values.get("development")}
    for key, value in is_there.items():
        if value:
            source.refuse(key, f"`{key}` goes with files that are read whole; leave out `engine`")
    _models_are_tables(values, formula, testset, source)
    _condition_is_of_counts(values, formula, source)
    if formula is not None:
        grouping.check_slices(formula, testset, source)


def _models_are_tables(values: Values, formula: Formula | None, testset: TestSetSource, source: Source) -> None:
    candidate, baseline = values.get("candidate"), values.get("baseline")
    if isinstance(candidate, Candidate) and not isinstance(candidate, PredictionsFile):
        source.refuse("candidate", "`engine` counts predictions; name them: `candidate: {predictions: TABLE}`")
    is_compared = formula is not None and conditions.variables(formula) & {Variable.O, Variable.D}
    if isinstance(baseline, Revision | Versioned) or (is_compared and isinstance(baseline, Accepted)):
        message = "an engine keeps no table; name that of the old model: `baseline: {predictions: TABLE}`"
        source.refuse("baseline", message)
    for name, model in (("candidate", candidate), ("baseline", baseline)):
        if isinstance(model, PredictionsFile) and model.id not in {"", testset.id}:
            message = f"with `engine`, the column of ids has one name in all tables: {testset.id!r}"
            source.refuse(f"{name}.id", message)


def _condition_is_of_counts(values: Values, formula: Formula | None, source: Source) -> None:
    if formula is not None and Variable.A in conditions.variables(formula):
        message = "an engine keeps no table, so that of the anchor (`a`) is not here; compare with `o`"
        source.refuse("condition", message)
    for clause in conditions.clauses(formula) if formula is not None else ():
        if not _is_of_counts(clause.quantity):
            source.refuse("condition", _not_counted(clause.quantity))
    feedback = values.get("feedback")
    if isinstance(feedback, Estimate) and (quantity := _estimated(feedback)) and not _is_of_counts(quantity):
        source.refuse("feedback.estimate.of", _not_counted(quantity))


def _not_counted(quantity: Quantity) -> str:
    return (
        f"`{quantity}` is judged example by example, and `engine` gives nothing but counts: those of accuracies, of "
        "n - o and d, of precision, recall, specificity and F1, and of gaps between them"
    )


def _is_of_counts(quantity: Quantity) -> bool:
    return isinstance(method_of(quantity), Counted | GapMethod)  # a gap is one of shares, counted on each slice


def _estimated(feedback: Estimate) -> Quantity | None:
    try:
        return conditions.measured_by(feedback.of).quantity
    except ConditionError:  # reported elsewhere
        return None
