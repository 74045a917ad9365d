"""
Kinds of values that a key can have: each reads a node strictly and describes itself, as JSON Schema and in words.

One description serves all, so what editors complete, what people look up and what the program accepts cannot come
apart.
A kind reports what is wrong to the source and goes on; it knows nothing of what any one key is for (see `keys`).
"""

from __future__ import annotations

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from proctor.frozen import KW_ONLY, dataclass
from proctor.gatefile.nodes import Items, Node, Scalar, Source, Unreadable

Path = tuple[str, ...]
Schema = dict[str, Any]

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_LEADING_ZERO = re.compile(r"[-+]?0\d+")
_WHOLE = re.compile(r"[-+]?(0|[1-9]\d*)")


class Invalid(Enum):
    """Value that a reader gives back in place of one that it has reported."""

    INVALID = "invalid"


INVALID = Invalid.INVALID


class Wrong(Exception):
    """Problem with a value, in words; `Kind.read` reports it."""


class Kind(ABC):
    """One kind of value."""

    def read(self, node: Node, path: Path, source: Source) -> Any:  # each kind has a type of its own
        """The value of *node*, or ``INVALID`` once the problem is reported."""
        if isinstance(node, Unreadable):  # reported by `nodes.checked`
            return INVALID
        try:
            return self._value(node, path, source)
        except Wrong as wrong:
            source.report(node.place, str(wrong))
            return INVALID

    @abstractmethod
    def _value(self, node: Node, path: Path, source: Source) -> Any:
        """The value of *node*, or ``INVALID`` where problems of its parts are reported; raises `Wrong` for its own."""

    @abstractmethod
    def schema(self) -> Schema:
        """JSON Schema (draft 2020-12) of the values that `read` accepts."""

    @abstractmethod
    def in_words(self) -> str:
        """Possible values, for a table of keys; Markdown."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """A question to append to a message: the *known* word that *word* may have been meant to be, or nothing."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean `{by_lower[close[0]]}`?" if close else ""


def describe(node: Node) -> str:
    """The value as the user wrote it, and what YAML takes it for where that surprises."""
    match node:
        case Scalar(text, "bool", False) if text.lower() in {"true", "false"}:
            return f"`{text}`"
        case Scalar(text, "bool", False):
            return f"`{text}`, which YAML reads as {'true' if text.lower() in {'yes', 'on', 'true', 'y'} else 'false'}"
        case Scalar(text, "null", False):
            return "nothing"
        case Scalar(text, "int" | "float", False) if ":" in text:
            return f"`{text}`, which YAML reads as a number in base 60"
        case Scalar(text, "int" | "float", False):
            return f"the number `{shortened(text)}`"
        case Scalar(text, "timestamp", False):
            return f"`{text}`, which YAML reads as a date"
        case Scalar(text):
            return f"`{shortened(text)}`"
        case Items():
            return "a list"
        case _:
            return "a map of keys"


def shortened(text: str) -> str:
    """*text*, cut to what fits into a message."""
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True)
class Text(Kind):
    """
    Words: a path, an address, a formula.

    Args:
        check: Gives the problem with a text, or nothing.
        pattern: Regular expression for the schema, where `check` has one.
        any_scalar: Take numbers as the text that was written (class names may be 0 and 1).
    """

    check: Callable[[str], str] | None = None
    pattern: str = ""
    any_scalar: bool = False

    def _value(self, node: Node, path: Path, source: Source) -> str:
        key = path[-1]
        accepted = {"str", "int", "float"} if self.any_scalar else {"str"}
        if not isinstance(node, Scalar) or (node.taken_for not in accepted and not node.quoted):
            is_word = isinstance(node, Scalar) and (
                node.taken_for != "null" or (self.any_scalar and node.text.isalpha())
            )
            advice = "; put it in quotation marks" if is_word else ""
            raise Wrong(f"`{key}` must be text, not {describe(node)}{advice}")
        if not node.text.strip():
            raise Wrong(f"`{key}` is empty")
        if any(not (character.isprintable() or character in "\n\t") for character in node.text):
            raise Wrong(f"`{key}` holds a control character")
        if self.check and (problem := self.check(node.text)):
            raise Wrong(problem)
        return node.text

    def schema(self) -> Schema:
        """A string that is not blank; or a number, where it is taken as written."""
        pattern = {"pattern": self.pattern or r"\S"}
        return {"type": ["string", "number"] if self.any_scalar else "string", **pattern}

    def in_words(self) -> str:
        """Any text; what it must be like is in the key's description."""
        return "text"


def spelled(pattern: str, rule: str) -> Text:
    """Text of a form that the *pattern* tells, and a message about any other begins with."""
    return Text(lambda text: "" if re.fullmatch(pattern, text) else f"{rule}, not `{text}`", pattern)


@dataclass(frozen=True)
class Choice(Kind):
    """
    One word of a few.

    Args:
        words: The words.
        else_form: What else the key may hold, as it would be written, for the message.
    """

    words: type[StrEnum]
    else_form: str = ""

    def _value(self, node: Node, path: Path, source: Source) -> StrEnum:
        if isinstance(node, Scalar) and node.text in list(self.words):
            return self.words(node.text)
        meant = suggestion(node.text, self.words) if isinstance(node, Scalar) else ""
        raise Wrong(f"`{path[-1]}` must be {self.names()}, not {describe(node)}{meant}")

    def names(self) -> str:
        """The words, and what else there is, for a sentence."""
        *most, last = (f"`{word}`" for word in self.words)
        words = f"{', '.join(most)} or {last}" if most else last
        return f"{words} or {self.else_form}" if self.else_form else words

    def schema(self) -> Schema:
        """The words."""
        return {"enum": [str(word) for word in self.words]}

    def in_words(self) -> str:
        """The words."""
        return ", ".join(f"`{word}`" for word in self.words)


class Switch(Kind):
    """True or false."""

    def _value(self, node: Node, path: Path, source: Source) -> bool:
        if isinstance(node, Scalar) and not node.quoted and node.text in {"true", "false"}:
            return node.text == "true"
        raise Wrong(f"`{path[-1]}` must be `true` or `false`, not {describe(node)}")

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}

    def in_words(self) -> str:
        """The two words."""
        return "`true`, `false`"


@dataclass(frozen=True)
class Number(Kind):
    """
    A number in a range.

    Args:
        low: Smallest value.
        high: Largest value.
        low_excluded: Whether the smallest itself is refused.
        high_excluded: Whether the largest itself is refused.
        is_share: Whether it is a probability or share, so that 99.9 and 99.9 % were meant to be 0.999.
        advice: What to add for a number that is out of range.
    """

    low: float | None = None
    high: float | None = None
    _: KW_ONLY
    low_excluded: bool = False
    high_excluded: bool = False
    is_share: bool = False
    advice: Callable[[float], str] | None = None

    def _value(self, node: Node, path: Path, source: Source) -> float:
        return float(self._written(node, path[-1]))

    def _written(self, node: Node, key: str) -> str:
        """The number in the range, as text: in decimal, with an exponent if need be."""
        if not isinstance(node, Scalar):
            raise Wrong(f"`{key}` must be a number, not {describe(node)}")
        if node.quoted or not _NUMBER.fullmatch(node.text) or _LEADING_ZERO.fullmatch(node.text):
            raise Wrong(f"`{key}` must be a number, not {describe(node)}{self._advice_on_notation(node)}")
        value = float(node.text)
        if self._is_outside(value):
            raise Wrong(f"`{key}` must {self._range()}, not {node.text}{self._advice_on_range(node.text, value)}")
        return node.text

    def _advice_on_notation(self, node: Scalar) -> str:
        text = node.text.replace(" ", "")
        if node.quoted and _NUMBER.fullmatch(text):
            return "; leave the quotation marks out"
        if text.endswith("%") and _NUMBER.fullmatch(text[:-1]):
            return self._instead(_hundredth(text[:-1]))
        if "_" in text and _NUMBER.fullmatch(text.replace("_", "")):
            return self._instead(text.replace("_", ""))
        if text.count(",") == 1 and _NUMBER.fullmatch(text.replace(",", ".")):
            return self._instead(text.replace(",", "."))
        if _LEADING_ZERO.fullmatch(text):
            return "; leave the leading zero out (YAML reads it in base 8)"
        return ""

    def _advice_on_range(self, text: str, value: float) -> str:
        meant = self._instead(_hundredth(text)) if self.is_share and 1 < value <= 100 else ""  # per cent
        return meant or (self.advice(value) if self.advice else "")

    def _instead(self, text: str) -> str:
        """The text to write instead, where that would be taken."""
        return "" if self._is_outside(float(text)) else f"; write {text}"

    def _is_outside(self, value: float) -> bool:
        if value - value != 0:  # 1e999 is infinite
            return True
        too_low = self.low is not None and (value < self.low or (self.low_excluded and value == self.low))
        return too_low or (self.high is not None and (value > self.high or (self.high_excluded and value == self.high)))

    def _range(self) -> str:
        low = "" if self.low is None else f"be {'above' if self.low_excluded else 'at least'} {self.low:g}"
        high = "" if self.high is None else f"{'below' if self.high_excluded else 'at most'} {self.high:g}"
        return " and ".join(part for part in (low, high) if part) or "be finite"

    def schema(self) -> Schema:
        """A number in the range."""
        low = {} if self.low is None else {"exclusiveMinimum" if self.low_excluded else "minimum": self.low}
        high = {} if self.high is None else {"exclusiveMaximum" if self.high_excluded else "maximum": self.high}
        return {"type": "number", **low, **high}

    def in_words(self) -> str:
        """The range."""
        return f"a number {self._range().removeprefix('be ')}"


def _hundredth(text: str) -> str:
    return format((Decimal(text) / 100).normalize(), "f")


class Whole(Number):
    """A whole number in a range with two ends, written in digits only."""

    def _value(self, node: Node, path: Path, source: Source) -> int:
        text = self._written(node, path[-1])
        if not _WHOLE.fullmatch(text):
            raise Wrong(f"`{path[-1]}` must be a whole number, not {text}")
        return int(text)

    def schema(self) -> Schema:
        """An integer in the range."""
        return {**super().schema(), "type": "integer"}

    def in_words(self) -> str:
        """The range."""
        return f"a whole number from {self.low:,} to {self.high:,}"


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of one kind, not empty."""

    kind: Kind

    def _value(self, node: Node, path: Path, source: Source) -> tuple[Any, ...] | Invalid:
        if not isinstance(node, Items) or not node.nodes:
            found = "an empty one" if isinstance(node, Items) else describe(node)
            raise Wrong(f"`{path[-1]}` must be a list, not {found}")
        values = tuple(self.kind.read(item, path, source) for item in node.nodes)
        return INVALID if INVALID in values else values

    def schema(self) -> Schema:
        """An array of at least one."""
        return {"type": "array", "items": self.kind.schema(), "minItems": 1}

    def in_words(self) -> str:
        """A list, and of what."""
        return f"a list, each item {self.kind.in_words()}"


@dataclass(frozen=True)
class OneOrMore(Kind):
    """A list of one kind, or a single one in place of a list with nothing else in it."""

    kind: Kind

    def _value(self, node: Node, path: Path, source: Source) -> Any:
        if not isinstance(node, Scalar):
            return ListOf(self.kind).read(node, path, source)
        value = self.kind.read(node, path, source)
        return INVALID if value is INVALID else (value,)

    def schema(self) -> Schema:
        """Either form."""
        return {"anyOf": [self.kind.schema(), ListOf(self.kind).schema()]}

    def in_words(self) -> str:
        """Either form."""
        return f"{self.kind.in_words()}, or {ListOf(self.kind).in_words()}"
