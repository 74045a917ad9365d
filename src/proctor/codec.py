"""
Frozen dataclasses to plain JSON and back, by their annotations: one way for everything that is kept or sent.

Dataclasses are objects, enums their values, tuples lists. A union of several dataclasses is told apart by ``kind``:
the class attribute of this name, or the class's own name in small letters. A field with a default may be missing when
it is read, so that what an earlier version wrote is still read; a field that is not known is refused.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
KIND = "kind"


class Unknown(ValueError):
    """A field or a kind that this version does not know."""


class Codec(NamedTuple):
    """Both ways of one type, and the types whose values are the same either way."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    plain: frozenset[type] = frozenset()


def to_json(value: Any) -> Any:
    """Give the plain JSON of a dataclass."""
    kind: Any = type(value)
    return codec_of(kind).write(value)


def from_json(kind: type[T], value: Any) -> T:
    """
    Read what `to_json` gave for a dataclass.

    Raises:
        Unknown: If it has a field or a kind that is not known.
        ValueError: If a value is not of its field's type, or is refused by the class.
        TypeError: If a field is missing.
    """
    hint: Any = kind
    found: T = codec_of(hint).read(value)
    return found


def kind_of(one: Any) -> str:
    """Give the name that tells a class from the others of a union."""
    return str(getattr(one, KIND, one.__name__.lower()))


@cache
def codec_of(hint: Any) -> Codec:
    """
    Give both ways of a type.

    Raises:
        TypeError: If it is of no kind that this module knows.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is tuple:
        item = codec_of(arguments[0])
        return Codec(
            lambda value: [item.write(each) for each in value],
            lambda value: tuple(item.read(each) for each in _checked(value, list)),
        )
    if origin in (dict, Mapping):
        item = codec_of(arguments[1])
        return Codec(
            lambda value: {name: item.write(each) for name, each in value.items()},
            lambda value: {name: item.read(each) for name, each in _checked(value, dict).items()},
        )
    if is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Codec(lambda value: value.value, hint)
    if isinstance(hint, type) and issubclass(hint, str) and hint is not str:
        return Codec(str, lambda value: hint(_checked(value, str)))
    if hint is Any:
        return Codec(_same, _same)
    if hint in (str, bool, int, float, types.NoneType):
        return Codec(_same, lambda value: _checked(value, hint), frozenset({hint}))
    raise TypeError(f"there is no JSON for {hint!r}")


def _same(value: Any) -> Any:
    return value


def _checked(value: Any, kind: type) -> Any:
    """*value*, if it is of the *kind*; a whole number is a number, and a truth value is none."""
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value


def _object(kind: type[Any]) -> Codec:
    hints = get_type_hints(kind)
    codecs = {field.name: codec_of(hints[field.name]) for field in fields(kind)}

    def write(value: Any) -> dict[str, Any]:
        return {name: each.write(getattr(value, name)) for name, each in codecs.items()}

    def read(value: Any) -> Any:
        if unknown := sorted(_checked(value, dict).keys() - codecs.keys()):
            raise Unknown(f"the unknown field {unknown[0]!r}")
        return kind(
            **{
                name: each if type(each) in codecs[name].plain else codecs[name].read(each)
                for name, each in value.items()
            }
        )

    return Codec(write, read)


def _union(parts: tuple[Any, ...]) -> Codec:
    """Dataclasses told apart by `KIND` where there are several; else the first type that fits."""
    several: list[Any] = [part for part in parts if is_dataclass(part)]
    classes = {part: codec_of(part) for part in several}
    others = [codec_of(part) for part in parts if not is_dataclass(part)]
    is_tagged = len(classes) > 1
    by_kind = {kind_of(part): codec for part, codec in classes.items()}

    def write(value: Any) -> Any:
        if (codec := classes.get(type(value))) is None:
            return value
        return {**({KIND: kind_of(type(value))} if is_tagged else {}), **codec.write(value)}

    def read(value: Any) -> Any:
        if classes and isinstance(value, dict):
            if not is_tagged:
                return next(iter(classes.values())).read(value)
            kind = value.get(KIND)
            if kind not in by_kind:
                raise Unknown(f"the unknown kind {kind!r}")
            return by_kind[kind].read({name: each for name, each in value.items() if name != KIND})
        return _first(value, others)

    return Codec(write, read, frozenset().union(*(codec.plain for codec in others)))


def _first(value: Any, codecs: list[Codec]) -> Any:
    for codec in codecs:
        try:
            return codec.read(value)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{value!r} is of none of the types that it may be")
