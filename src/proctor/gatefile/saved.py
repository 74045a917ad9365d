"""
Rules on saved models: what has to be trusted before one is loaded, and what goes with a version that MLflow keeps.

Each as it is checked, and as JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proctor.gatefile.contenders import Revision
from proctor.gatefile.declarations import TestSetSource
from proctor.gatefile.kinds import OneOrMore, Schema, Text
from proctor.gatefile.nodes import Source
from proctor.models.formats import FORMATS, PICKLE, Trust, format_of, problem_of_version
from proctor.models.runnable import Model, Versioned

_KEPT: Schema = {"pattern": "^(models|runs):"}
"""Model that MLflow keeps, by its URI."""


def check(values: Mapping[str, Any], source: Source) -> None:
    """Report what is wrong with the saved models of a gate file."""
    candidate, baseline, testset = values.get("candidate"), values.get("baseline"), values.get("testset")
    for key, model in (("candidate", candidate), ("baseline", baseline)):
        if isinstance(model, Model | Versioned) and (problem := _problem_of_trust(model)):
            source.refuse(f"{key}.trust", problem)
    if isinstance(candidate, Versioned):
        _has_files_of_its_own(candidate, baseline, source)
    if isinstance(baseline, Versioned) and isinstance(testset, TestSetSource) and testset.features is None:
        source.refuse("testset", "`testset` needs `features`: the file that the baseline is shown")


def _problem_of_trust(model: Model | Versioned) -> str:
    if isinstance(model, Versioned):
        return problem_of_version(model.trust)
    return format_of(model.model).problem(model.trust)


def _has_files_of_its_own(candidate: Versioned, baseline: object, source: Source) -> None:
    if ("candidate", "files") in source.places:
        message = f"`files` does not go with {candidate}, which has files of its own; leave it out"
        source.refuse("candidate.files", message)
    if isinstance(baseline, Revision):
        message = (
            f"no revision of git holds {candidate}; write `baseline: {{model: models:/NAME@ALIAS}}`, or `accepted`"
        )
        source.refuse("baseline", message)


# --- as JSON Schema --------------------------------------------------------------------------------------------------


def schemas() -> Iterator[Schema]:
    """The same rules for editors."""
    data, typed = (_ending_of(trust) for trust in (Trust.NONE, Trust.TYPES))
    names = OneOrMore(Text(pattern=r"\.")).schema()
    pickle = {"enum": [PICKLE, [PICKLE]]}
    either = {"properties": {"trust": {"anyOf": [pickle, names]}}}
    yield _for_model(_file(data), {"properties": {"trust": False}})
    yield _for_model(_file(typed), {"properties": {"trust": names}})
    yield _for_model(_file({"not": data}, {"not": typed}), {"required": ["trust"], "properties": {"trust": pickle}})
    yield _for_model(_KEPT, {"properties": {**either["properties"], "files": False}})
    yield {
        "if": where(candidate=where(model=_KEPT)),
        "then": {"properties": {"baseline": {"not": {"required": ["revision"]}}}},
    }
    is_shown = {"properties": {"testset": {"required": ["features"]}, "baseline": either}}
    yield {"if": where(baseline=where(model=_KEPT)), "then": is_shown}


def where(**properties: Schema) -> Schema:
    """An object that has these keys, with such values."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _file(*what: Schema) -> Schema:
    return {"allOf": [{"not": _KEPT}, *what]}


def _for_model(model: Schema, candidate: Schema) -> Schema:
    return {"if": where(candidate=where(model=model)), "then": {"properties": {"candidate": candidate}}}


def _ending_of(trust: Trust) -> Schema:
    """Names of files, in small letters or large, of the formats that have one kind of trust."""
    suffixes = [suffix[1:] for each in FORMATS if each.trust is trust for suffix in each.suffixes]
    spelled = ("".join(f"[{letter}{letter.upper()}]" for letter in suffix) for suffix in suffixes)
    return {"pattern": rf"\.({'|'.join(spelled)})$"}
