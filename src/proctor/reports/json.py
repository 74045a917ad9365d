"""A release or a status as JSON for machines, and the schema of both (`proctor schema release`)."""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from proctor import codec
from proctor.errors import PASSED
from proctor.release import Answer, Release, Status

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render(public: Release | Status) -> str:
    """JSON text, one object, two spaces of indentation."""
    return json.dumps(to_json(public), indent=2, ensure_ascii=False, allow_nan=False)


def to_json(public: Release | Status) -> dict[str, Any]:
    """The public facts as a JSON object; ``inputs`` stands at the top beside the verdict as well."""
    return {**codec.to_json(public), "inputs": public.testset.inputs}


def render_unchanged(gate: str, version: str) -> str:
    """JSON text for a candidate that there is nothing to ask about: no release, and known by its first key."""
    return json.dumps({"unchanged": True, "gate": gate, "version": version, "exit_code": PASSED}, indent=2)


def schema(kind: type[Release] | type[Status]) -> dict[str, Any]:
    """JSON Schema of what `to_json` gives, made from the dataclass itself."""
    described = _object_schema(kind)
    described["properties"]["inputs"] = {"enum": ["open", "sealed"]}
    described["required"].append("inputs")
    if kind is Release:
        of_several = "What came of each condition, in order; there only if the gate has several."
        described["properties"]["conditions"] = {**_schema_of(tuple[Answer, ...]), "description": of_several}
    return {"$schema": SCHEMA_DIALECT, "title": f"proctor {kind.__name__.lower()}", **described}


def _object_schema(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip().splitlines()[0],
        "properties": {name: _schema_of(hints[name]) for name in names},
        "required": names,
        "additionalProperties": False,
    }


_PRIMITIVES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def _schema_of(hint: Any) -> dict[str, Any]:
    if hint in _PRIMITIVES:
        return {"type": _PRIMITIVES[hint]}
    if hint == Release | None:
        return {"anyOf": [_object_schema(Release), {"type": "null"}]}
    if get_origin(hint) in (Union, types.UnionType):
        return {"type": [_PRIMITIVES[part] for part in get_args(hint)]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema_of(get_args(hint)[0])}
    if is_dataclass(hint) and isinstance(hint, type):
        return _object_schema(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [member.value for member in hint]}
    raise TypeError(f"no JSON Schema for {hint!r}")
