"""
Frozen dataclasses that a process builds in a quarter of the time.

The standard library compiles six methods for each of them, and a process of a few tenths of a second that declares
hundreds spends a fifth of its life on that. Here they share all methods but ``__init__``. To type checkers, `fields`,
`replace` and pattern matching they are what they were.
"""

from __future__ import annotations

import dataclasses
import reprlib
from collections.abc import Callable
from dataclasses import KW_ONLY, FrozenInstanceError, asdict, field, fields, is_dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["KW_ONLY", "FrozenInstanceError", "asdict", "dataclass", "field", "fields", "is_dataclass", "replace"]


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = self.__compared__
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash(self.__hashed__(self)[1:])


@reprlib.recursive_repr()
def _shown(self: Any) -> str:
    values = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({values})"


def _set_once(self: Any, name: str, value: object) -> None:
    # ``__init__`` sets each field once. Other names are for subclasses that are no dataclasses themselves.
    closed = name in self.__dict__ if name in self.__dataclass_fields__ else "__compared__" in type(self).__dict__
    if closed:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    self.__dict__[name] = value


def _keep(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_SHARED: dict[str, Callable[..., Any]] = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _shown,
    "__setattr__": _set_once,
    "__delattr__": _keep,
}


def _frozen(cls: type, kw_only: bool) -> type:
    made: Any = dataclasses.dataclass(repr=False, eq=False, kw_only=kw_only)(cls)
    compared = [each.name for each in fields(made) if each.compare]
    hashed = [each.name for each in fields(made) if (each.compare if each.hash is None else each.hash)]
    made.__compared__ = attrgetter("__class__", *compared)  # led by one more name, it gives a tuple for any number
    made.__hashed__ = attrgetter("__class__", *hashed)
    for name, method in _SHARED.items():
        if cls.__dict__.get(name) is None:
            setattr(made, name, method)
    return cls


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, kw_only=False, **others):
        """
        `dataclasses.dataclass`; a frozen one, with no other options than ``kw_only``, is built fast.

        An instance has the semantics of the standard library's: its fields cannot be set or deleted, it is equal to
        one of its own class with equal fields, it hashes, and shows itself.
        """
        if not frozen or others:
            return dataclasses.dataclass(cls, frozen=frozen, kw_only=kw_only, **others)
        return _frozen(cls, kw_only) if cls else lambda each: _frozen(each, kw_only)
