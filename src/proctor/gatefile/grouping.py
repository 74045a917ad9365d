"""Rules for slices, metadata and clusters: what the columns by which examples are told apart go with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor import conditions
from proctor.conditions import Formula
from proctor.errors import ConditionError
from proctor.gatefile.declarations import Inputs, TestSetSource
from proctor.gatefile.feedback import Estimate
from proctor.gatefile.kinds import Schema
from proctor.gatefile.nodes import Source
from proctor.gatefile.saved import where
from proctor.planning import Bound

Values = Mapping[str, Any]


def schema() -> Schema:
    """The rules that speak of keys and plain values alone, as JSON Schema."""
    has_columns = {"anyOf": [{"required": ["features"]}, {"required": ["metadata"]}]}
    clustered = where(testset={"type": "object", "required": ["cluster"]})
    return {"if": clustered, "then": {"properties": {"testset": has_columns, "bound": {"const": "exact"}}}}


def check(values: Values, formula: Formula, testset: TestSetSource, source: Source) -> None:
    """Report what does not go with such columns, or has none."""
    check_slices(formula, testset, source)
    _clusters_are_judged(values, formula, testset, source)


def check_slices(formula: Formula, testset: TestSetSource, source: Source) -> None:
    """Report slices of inputs that are sealed (their sizes, told in advance, say something of them), or not there."""
    for slice_ in conditions.slices(formula)[:1]:
        if testset.inputs is Inputs.SEALED:
            source.refuse("condition", f"slices such as `{slice_}` are judged on open inputs only so far; leave it out")
        elif testset.features is None and testset.metadata is None:
            where = "`metadata` or `features`: the file" if testset.engine is None else "`metadata`: the table"
            source.refuse("testset", f"`testset` needs {where} with the columns of `{slice_}`")


def _clusters_are_judged(values: Values, formula: Formula, testset: TestSetSource, source: Source) -> None:
    """Report clusters whose column is not there, and of what is no mean over examples."""
    if testset.cluster is None:
        return
    if testset.features is None and testset.metadata is None:
        message = f"`testset` needs `metadata` or `features`: the file with the column `{testset.cluster}`"
        source.refuse("testset", message)
    if values.get("bound") in {Bound.HOEFFDING, Bound.BENNETT}:
        source.refuse("bound", f"`bound: {values['bound']}` knows no clusters; use `exact`")
    if isinstance(values.get("feedback"), Estimate):
        source.refuse("feedback", "`estimate` counts examples, and here clusters count; leave it out")
    try:
        conditions.clustered(formula, testset.cluster)
    except ConditionError as error:
        source.refuse("condition", f"{error.message}. {error.hint}")
