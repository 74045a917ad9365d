"""
Maps of keys, and what can be built of them: the kinds that hold other kinds.

A section refuses what it does not know, with a suggestion; `keys` says what is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from proctor.frozen import KW_ONLY, dataclass
from proctor.gatefile.kinds import INVALID, Invalid, Kind, Path, Schema, Wrong, describe, shortened, suggestion
from proctor.gatefile.nodes import Mapping, Node, Source


@dataclass(frozen=True)
class Key:
    """
    One key of a section.

    Args:
        name: As written.
        kind: What its value may be.
        description: What it is for, in a sentence or two: editors show it.
        default: Value if it is left out, as the program holds it.
        required: Whether it must be there.
        shown_default: The default as it would be written, for the schema, where that is not *default* itself.
    """

    name: str
    kind: Kind
    description: str
    default: Any = None
    _: KW_ONLY
    required: bool = False
    shown_default: Any = None

    @property
    def shown(self) -> str | int | float | None:
        """The default as it would be written; ``None`` if there is no such text."""
        default = self.default if self.shown_default is None else self.shown_default
        if isinstance(default, str):
            return str(default) or None
        return default if isinstance(default, int | float) else None

    def schema(self) -> Schema:
        """The kind's schema with description and default."""
        default = {} if self.shown is None else {"default": self.shown}
        return {**self.kind.schema(), "description": self.description, **default}


@dataclass(frozen=True)
class Section(Kind):
    """A map of known keys, from which *build* makes the value."""

    keys: tuple[Key, ...]
    build: Callable[..., Any] = dict

    def _value(self, node: Node, path: Path, source: Source) -> Any:  # whatever `build` makes
        if not isinstance(node, Mapping):
            names = ", ".join(f"`{name}`" for name in self.names())
            raise Wrong(f"`{path[-1]}` must be a map with the keys {names}, not {describe(node)}")
        values = self.values(node, path, source)
        return INVALID if INVALID in values.values() else self.build(**values)

    def values(self, node: Mapping, path: Path, source: Source) -> dict[str, Any]:
        """Every key's value: the one written, ``INVALID`` if that is wrong or missing, or the default."""
        by_name = {key.name: key for key in self.keys}
        values = {key.name: INVALID if key.required else key.default for key in self.keys}
        for word, value in node.words():
            if word.text not in by_name:
                source.report(word.place, f"unknown key `{shortened(word.text)}`{self._meant(word.text, path)}")
                continue
            here = (*path, word.text)
            source.places[here] = word.place
            values[word.text] = by_name[word.text].kind.read(value, here, source)
        for key in self.keys:
            if key.required and key.name not in node:
                where = f" in `{path[-1]}`" if path else ""
                source.report(source.place_of(*path), f"`{key.name}` is missing{where}. {key.description}")
        return values

    def _meant(self, word: str, path: Path) -> str:
        """The key that an unknown *word* may have been meant to be, for the message."""
        homes = [key.name for key in self.keys for _, below in sections_of(key.kind) if word in below.names()]
        if homes:
            return f"; it belongs in `{homes[0]}:`"
        known = ", ".join(f"`{name}`" for name in self.names())
        return suggestion(word, self.names()) or (f"; known here: {known}" if path else "")

    def names(self) -> tuple[str, ...]:
        """The names of the keys."""
        return tuple(key.name for key in self.keys)

    def schema(self) -> Schema:
        """An object without other keys."""
        required = [key.name for key in self.keys if key.required]
        return {
            "type": "object",
            "properties": {key.name: key.schema() for key in self.keys},
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def in_words(self) -> str:
        """A map; its keys are described by themselves."""
        return "a map"


@dataclass(frozen=True)
class OneOfSections(Kind):
    """A map whose meaning is given by the one of its keys that names the variant."""

    variants: dict[str, Section]

    def _value(self, node: Node, path: Path, source: Source) -> Any:  # whatever the variant makes
        found = describe(node)
        if isinstance(node, Mapping):
            named = [name for name in self.variants if name in node]
            if len(named) == 1:
                return self._with_foreign_keys_named(node, named[0], path, source)
            found = " and ".join(f"`{name}:`" for name in named) or ", ".join(f"`{key}:`" for key in node.names())
        names = ", ".join(f"`{name}:`" for name in self.variants)
        raise Wrong(f"`{path[-1]}` needs one of {names}, not {found or 'an empty map'}")

    def _with_foreign_keys_named(self, node: Mapping, name: str, path: Path, source: Source) -> Any:
        """A key that belongs to another variant is told from one that nobody knows."""
        kept: list[tuple[Node, Node]] = []
        for key, value in node.words():
            owners = [other for other, section in self.variants.items() if key.text in section.names()]
            if name not in owners and owners:
                place, with_whom = key.place, " or ".join(f"`{owner}:`" for owner in owners)
                source.report(place, f"`{key.text}` goes with {with_whom}, not with `{name}:`")
            else:
                kept.append((key, value))
        return self.variants[name].read(Mapping(tuple(kept), node.place), path, source)

    def schema(self) -> Schema:
        """Exactly one of the variants."""
        return {"oneOf": [section.schema() for section in self.variants.values()]}

    def in_words(self) -> str:
        """A map, and the keys of which it has one."""
        return "a map with one of " + ", ".join(f"`{name}`" for name in self.variants)


@dataclass(frozen=True)
class MapOf(Kind):
    """
    A map from names that the user chooses to values of one kind, not empty.

    Args:
        kind: Kind of the values.
        pattern: Regular expression of the names.
        rule: What the pattern asks, in words.
    """

    kind: Kind
    pattern: str
    rule: str

    def _value(self, node: Node, path: Path, source: Source) -> tuple[tuple[str, Any], ...] | Invalid:
        """Pairs of name and value, in the order of the file."""
        if not isinstance(node, Mapping) or not node.entries:
            found = "an empty one" if isinstance(node, Mapping) else describe(node)
            raise Wrong(f"`{path[-1]}` must be a map of names, not {found}")
        values = []
        for word, value in node.words():
            if not re.fullmatch(self.pattern, word.text):
                source.report(word.place, f"`{shortened(word.text)}` is no name in `{path[-1]}`: {self.rule}")
            source.places[*path, word.text] = word.place
            values.append((word.text, self.kind.read(value, (*path, word.text), source)))
        return INVALID if any(value is INVALID for _, value in values) else tuple(values)

    def schema(self) -> Schema:
        """An object with at least one key, all of them of one kind."""
        names = {"pattern": f"^(?:{self.pattern})$"}
        return {
            "type": "object",
            "minProperties": 1,
            "propertyNames": names,
            "additionalProperties": self.kind.schema(),
        }

    def in_words(self) -> str:
        """A map, and of what."""
        return f"a map of names, each to {self.kind.in_words()}"


@dataclass(frozen=True)
class WordOrMap(Kind):
    """A short form in one word, or a map for more."""

    word: Kind
    map: Kind

    def _value(self, node: Node, path: Path, source: Source) -> Any:  # whatever the form makes
        return (self.map if isinstance(node, Mapping) else self.word).read(node, path, source)

    def schema(self) -> Schema:
        """Either form."""
        return {"anyOf": [self.word.schema(), self.map.schema()]}

    def in_words(self) -> str:
        """Either form."""
        return f"{self.word.in_words()}, or {self.map.in_words()}"


@dataclass(frozen=True)
class Made(Kind):
    """A kind whose value is turned into another, where it is well."""

    kind: Kind
    make: Callable[[Any], Any]

    def _value(self, node: Node, path: Path, source: Source) -> Any:  # whatever `make` makes
        value = self.kind.read(node, path, source)
        return INVALID if value is INVALID else self.make(value)

    def schema(self) -> Schema:
        """Schema of the kind beneath."""
        return self.kind.schema()

    def in_words(self) -> str:
        """The words of the kind beneath."""
        return self.kind.in_words()


def sections_of(kind: Kind) -> tuple[tuple[str, Section], ...]:
    """The maps that *kind* can be, each with the key that tells it from the others: empty if it is the only one."""
    match kind:
        case Section():
            return (("", kind),)
        case OneOfSections(variants):
            return tuple(variants.items())
        case WordOrMap(_, below) | Made(below) | MapOf(below):
            return sections_of(below)
        case _:
            return ()
