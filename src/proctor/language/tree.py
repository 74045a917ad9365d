"""
The syntax tree of a condition: what was written, and nothing of what it means.

The tree knows neither lark nor statistics: :mod:`.parser` builds it, :mod:`.clauses` gives it a meaning.
``str`` of a tree is the canonical text of the condition, and ``parse(str(tree)) == tree``.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from enum import StrEnum
from typing import Generic, TypeVar, assert_never

from proctor.frozen import dataclass, field
from proctor.language.place import Place

Leaf = TypeVar("Leaf")

_PLAIN_EXPONENTS = range(-9, 16)
_WORDS = frozenset({"abs", "and", "equals", "in", "is", "not", "on", "or"})


class Variable(StrEnum):
    """The population quantities that a condition may name (theory.md §1), all in [0, 1]."""

    N = "n"
    """Accuracy of the candidate, the new model."""
    O = "o"  # noqa: E741 # the language's own letter
    """Accuracy of the baseline, the old model."""
    A = "a"
    """Accuracy of the anchor, the baseline of the day the test set was registered."""
    D = "d"
    """Share of examples on which the predictions of candidate and baseline differ."""


class Comparator(StrEnum):
    """Comparison of two sides; a finite test set cannot tell ``>=`` from ``>``, so they are treated alike."""

    ABOVE = ">"
    BELOW = "<"
    AT_LEAST = ">="
    AT_MOST = "<="

    @property
    def is_above(self) -> bool:
        """True if the left side is to be the larger one."""
        return self in {Comparator.ABOVE, Comparator.AT_LEAST}


@dataclass(frozen=True)
class _Node:
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Number(_Node):
    """A constant as written; negative as an argument only (elsewhere the sign is a :class:`Negative`)."""

    value: Decimal

    def __str__(self) -> str:
        return decimal_text(self.value)


@dataclass(frozen=True)
class Name(_Node):
    """A variable."""

    variable: Variable

    def __str__(self) -> str:
        return str(self.variable)


@dataclass(frozen=True)
class Negative(_Node):
    """``-x``."""

    operand: Expression

    def __str__(self) -> str:
        return f"-{_grouped(self.operand, Add, Subtract, Negative)}"


@dataclass(frozen=True)
class Add(_Node):
    """``x + y``."""

    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} + {_grouped(self.right, Add, Subtract, Negative)}"


@dataclass(frozen=True)
class Subtract(_Node):
    """``x - y``; left-associative."""

    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} - {_grouped(self.right, Add, Subtract, Negative)}"


@dataclass(frozen=True)
class Multiply(_Node):
    """``x * y``; that at most one of them holds variables is checked with the meaning."""

    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{_grouped(self.left, Add, Subtract, Negative)} * {self._right_text()}"

    def _right_text(self) -> str:
        match self.right:
            case Negative(Number() | Name() | Call()):
                return str(self.right)
            case _:
                return _grouped(self.right, Add, Subtract, Negative, Multiply)


@dataclass(frozen=True)
class Text(_Node):
    """Text in quotation marks: a class, or the value of a column."""

    value: str

    def __str__(self) -> str:
        return quoted(self.value)


@dataclass(frozen=True)
class Word(_Node):
    """A bare word: the name of a column in ``by=group``."""

    value: str

    def __str__(self) -> str:
        return self.value


Argument = Name | Number | Text | Word


@dataclass(frozen=True)
class Call(_Node):
    """A metric of a model, such as ``f1(n, "spam")``; which metrics there are is no part of the language."""

    name: str
    arguments: tuple[Argument, ...]
    options: tuple[tuple[str, Argument], ...] = ()

    def __str__(self) -> str:
        given = [*map(str, self.arguments), *(f"{key}={value}" for key, value in self.options)]
        return f"{self.name}({', '.join(given)})"


Expression = Number | Name | Call | Negative | Add | Subtract | Multiply


class Relation(StrEnum):
    """Comparison of a cell of a column with constants."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    ONE_OF = "in"
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    @property
    def is_of_numbers(self) -> bool:
        """True if only numbers can be compared so."""
        return self not in {Relation.EQUAL, Relation.NOT_EQUAL, Relation.ONE_OF}


@dataclass(frozen=True)
class Filter(_Node):
    """One column against one constant, or several of which it must be one."""

    column: str
    relation: Relation
    constants: tuple[str | Decimal, ...]

    def __str__(self) -> str:
        shown = [quoted(each) if isinstance(each, str) else decimal_text(each) for each in self.constants]
        constant = f"[{', '.join(shown)}]" if self.relation is Relation.ONE_OF else shown[0]
        return f"{column_text(self.column)} {self.relation} {constant}"


@dataclass(frozen=True)
class Slice(_Node):
    """
    The examples that pass every filter; at least one, or a column.

    Attributes:
        filters: What is asked of each example.
        every: A column: each of its values makes a slice of its own; ``None`` for one slice.
    """

    filters: tuple[Filter, ...]
    every: str | None = None

    @property
    def filtered(self) -> str:
        """The filters alone, as they are written."""
        text = " and ".join(map(str, self.filters))
        return text if len(self.filters) == 1 else f"({text})"

    def __str__(self) -> str:
        if self.every is None:
            return self.filtered
        return f"every {column_text(self.every)}" + (f" on {self.filtered}" if self.filters else "")


@dataclass(frozen=True)
class Comparison(_Node):
    """
    One comparison.

    Attributes:
        left: The one side.
        comparator: How it compares with the other.
        right: The other side.
        tolerance: As written, sign included; ``None`` if left out.
        slice: The examples that it is about; ``None`` for all of them.
    """

    left: Expression
    comparator: Comparator
    right: Expression
    tolerance: Decimal | None = None
    slice: Slice | None = None

    def __str__(self) -> str:
        tolerance = "" if self.tolerance is None else f" +/- {decimal_text(self.tolerance)}"
        asked = f"{self.left} {self.comparator} {self.right}{tolerance}"
        if self.slice is None:
            return asked
        filtered = f"{asked} on {self.slice.filtered}" if self.slice.filters else asked
        return filtered if self.slice.every is None else f"every {column_text(self.slice.every)}: {filtered}"


@dataclass(frozen=True)
class AllOf(Generic[Leaf]):
    """Every part must hold; at least two parts."""

    parts: tuple[Leaf | AllOf[Leaf] | AnyOf[Leaf], ...]

    def __str__(self) -> str:
        return " and ".join(_grouped(part, AllOf, AnyOf) for part in self.parts)


@dataclass(frozen=True)
class AnyOf(Generic[Leaf]):
    """At least one part must hold; at least two parts."""

    parts: tuple[Leaf | AllOf[Leaf] | AnyOf[Leaf], ...]

    def __str__(self) -> str:
        return " or ".join(_grouped(part, AnyOf) for part in self.parts)


Condition = Comparison | AllOf[Comparison] | AnyOf[Comparison]


def names_in(expression: Expression) -> frozenset[Variable]:
    """The variables that are written in *expression*."""
    match expression:
        case Number():
            return frozenset()
        case Name(variable):
            return frozenset({variable})
        case Call(arguments=arguments):
            return frozenset(argument.variable for argument in arguments if isinstance(argument, Name))
        case Negative(operand):
            return names_in(operand)
        case Add(left, right) | Subtract(left, right) | Multiply(left, right):
            return names_in(left) | names_in(right)
        case _:
            assert_never(expression)


def decimal_text(value: Decimal) -> str:
    """
    Shortest plain text of *value*, scientific only for very large and very small ones.

    >>> decimal_text(Decimal("0.0200")), decimal_text(Decimal("1E-20"))
    ('0.02', '1e-20')
    """
    exact = value.normalize(Context(prec=max(1, len(value.as_tuple().digits))))
    if exact.is_zero():
        return "0"
    return format(exact, "f") if exact.adjusted() in _PLAIN_EXPONENTS else str(exact).lower().replace("e+", "e")


def quoted(text: str) -> str:
    """
    *text* in quotation marks; the language has no escapes, so a text never holds both kinds.

    >>> print(quoted("spam"), quoted('12" disk'))
    "spam" '12" disk'
    """
    return f"'{text}'" if '"' in text else f'"{text}"'


def column_text(column: str) -> str:
    """Name of a column as it is written."""
    return column if _is_bare(column) else quoted(column)


def _is_bare(column: str) -> bool:
    """True if the name of a column can stand without quotation marks."""
    return re.fullmatch(r"[^\W\d]\w*", column) is not None and column.lower() not in _WORDS


def _grouped(part: object, *looser: type[object]) -> str:
    """Text of *part*, in parentheses if it is one of the kinds that would bind more loosely than the place asks."""
    return f"({part})" if isinstance(part, looser) else str(part)
