"""
The question of a condition, whatever way it is written: the text by which it is recognized (theory.md §4.3.3).

The tolerance is no part of it: it sizes the test set and has no part in the verdict. Everything else is brought to one
form in exact arithmetic: variables on the left, the first of them with the coefficient 1, clauses in a fixed order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import assert_never

from proctor.conditions.normal import normalize
from proctor.language.clauses import Clause, Formula, variables
from proctor.language.parser import parse
from proctor.language.tree import AllOf, AnyOf, Filter, Relation, Slice, Variable


def question_of(formula: Formula) -> str:
    """
    The one text that stands for every way to write *formula*.

    Example:
        >>> texts = ("n - o > 0.02 +/- 0.01", "o < n - 0.02", "2 * n > 2 * o + 0.04", "0.02 < n - o")
        >>> {question_of(normalize(parse(text))) for text in texts}
        {'1 n -1 o > 1/50'}
    """
    match formula:
        case Clause():
            return _clause(formula)
        case AllOf(parts):
            return _together(" and ", (question_of(part) for part in parts))
        case AnyOf(parts):
            return _together(" or ", (question_of(part) for part in parts))
        case _:
            assert_never(formula)


@lru_cache(maxsize=1024)
def question_of_text(text: str) -> str:
    """`question_of` of a condition as it is written, in a gate file or in a ledger."""
    return question_of(normalize(parse(text)))


@lru_cache(maxsize=1024)
def named_in(text: str) -> frozenset[Variable]:
    """The variables that a condition speaks of once it is in normal form."""
    return variables(normalize(parse(text)))


def _together(word: str, parts: Iterable[str]) -> str:
    distinct = sorted(set(parts))
    return distinct[0] if len(distinct) == 1 else f"({word.join(distinct)})"


def _clause(clause: Clause) -> str:
    terms = [(_exact(weight), name) for weight, name in clause.quantity.terms]
    first = terms[0][0]
    told = " ".join(f"{weight / first} {name}" for weight, name in terms)
    asked = f"{told} {'>' if clause.above == (first > 0) else '<'} {_exact(clause.threshold) / first}"
    return asked if clause.slice is None else f"{asked} on {_slice(clause.slice)}"


def _slice(asked: Slice) -> str:
    every = [] if asked.every is None else [f"every {json.dumps(asked.every)}"]
    return " & ".join([*every, *sorted({_filter(each) for each in asked.filters})])


def _filter(asked: Filter) -> str:
    """``==`` is membership in a set of one; a number in quotation marks is the number, as cells are read."""
    constants = sorted({_constant(each) for each in asked.constants})
    relation = Relation.ONE_OF if asked.relation is Relation.EQUAL else asked.relation
    return f"{json.dumps(asked.column)} {relation} {', '.join(constants)}"


def _constant(constant: str | Decimal) -> str:
    try:
        return str(Fraction(constant))
    except ValueError:
        return json.dumps(str(constant).strip())


def _exact(figure: float) -> Fraction:
    """The decimal number that was written; a float holds it as the nearest that there is."""
    return Fraction(repr(figure))
