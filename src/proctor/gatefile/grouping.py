"""Rules for slices, metadata and clusters: what the columns by which examples are told apart go with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proctor import conditions
from proctor.conditions import Formula
from proctor.errors import ConditionError
from proctor.gatefile.declarations import Inputs, TestSetSource
from proctor.gatefile.feedback import Estimate
from proctor.gatefile.kinds import Schema
from proctor.gatefile.nodes import Source
from proctor.planning import Bound

Values = Mapping[str, Any]


def schemas() -> Iterator[Schema]:
    """The rules that speak of keys and plain values alone, as JSON Schemas."""
    has_columns = {"anyOf": [{"required": ["features"]}, {"required": ["metadata"]}]}
    clustered = {"testset": has_columns, "bound": {"const": "exact"}}
    yield _if_there("cluster", clustered)


def _if_there(key: str, properties: Schema) -> Schema:
    has_key = {"type": "object", "required": [key]}
    asked = {"type": "object", "required": ["testset"], "properties": {"testset": has_key}}
    return {"if": asked, "then": {"properties": properties}}


def check(values: Values, formula: Formula, testset: TestSetSource, source: Source) -> None:
    """Report what does not go with such columns, or has none."""
    check_slices(formula, testset, source)
    _clusters_are_judged(values, formula, testset, source)


def check_slices(formula: Formula, testset: TestSetSource, source: Source) -> None:
    """Report slices of inputs that are sealed (their sizes, told in advance, say something of them), or not there."""
    for slice_ in conditions.slices(formula)[:1]:
        if testset.inputs is Inputs.SEALED:
            message = f"slices such as `{slice_}` are judged on open inputs only so far; leave it out"
            source.report(source.place_of("condition"), message)
        elif testset.features is None and testset.metadata is None:
            where = "`metadata` or `features`: the file" if testset.engine is None else "`metadata`: the table"
            message = f"`testset` needs {where} with the columns of `{slice_}`"
            source.report(source.place_of("testset"), message)


def _clusters_are_judged(values: Values, formula: Formula, testset: TestSetSource, source: Source) -> None:
    """Report clusters whose column is not there, and of what is no mean over examples."""
    if testset.cluster is None:
        return
    if testset.features is None and testset.metadata is None:
        message = f"`testset` needs `metadata` or `features`: the file with the column `{testset.cluster}`"
        source.report(source.place_of("testset"), message)
    if values.get("bound") in {Bound.HOEFFDING, Bound.BENNETT}:
        source.report(source.place_of("bound"), f"`bound: {values['bound']}` knows no clusters; use `exact`")
    if isinstance(values.get("feedback"), Estimate):
        source.report(source.place_of("feedback"), "`estimate` counts examples, and here clusters count; leave it out")
    try:
        conditions.clustered(formula, testset.cluster)
    except ConditionError as error:
        source.report(source.place_of("condition"), f"{error.message}. {error.hint}")
