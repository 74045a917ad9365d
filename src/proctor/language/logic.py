"""
Formulas in three values, and how a level and a power are shared out over their clauses (theory.md §2).

Pure logic: which test a clause gets, and what its share means in examples, is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple, assert_never

from proctor.errors import DomainError
from proctor.language.clauses import Clause, Formula, clauses
from proctor.language.quantities import DISAGREEMENT, Clustered
from proctor.language.tree import AllOf, AnyOf, Slice

_FP_FREE, _FN_FREE = "fp-free", "fn-free"


class Truth(IntEnum):
    """Truth of a statement as far as it is known; ordered, so that AND is the minimum and OR the maximum (Kleene)."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


class Assignment(NamedTuple):
    """
    Share of the level and bound on *d* that one clause may use.

    Attributes:
        clause: The clause.
        log_share: Natural logarithm of its share of the level; <= 0.
        disagreement_cap: Upper bound on *d* that its test may rely on; 1 where nothing bounds it.
        power_share: Its share of the miss probability; in (0, 1].
    """

    clause: Clause
    log_share: float = 0.0
    disagreement_cap: float = 1.0
    power_share: float = 1.0


def truth(formula: Formula, values: Sequence[Truth]) -> Truth:
    """
    Value of *formula* in Kleene's three-valued logic.

    Raises:
        DomainError: If there is not exactly one value for each clause.
    """
    if len(values) != len(clauses(formula)):
        raise DomainError(f"{len(clauses(formula))} clauses need as many truth values, not {len(values)}")
    return _truth(formula, values)


def _truth(formula: Formula, values: Sequence[Truth]) -> Truth:
    match formula:
        case Clause(index=index):
            return values[index]
        case AllOf(parts):
            return min(_truth(part, values) for part in parts)
        case AnyOf(parts):
            return max(_truth(part, values) for part in parts)
        case _:
            assert_never(formula)


def allocate(formula: Formula, mode: str) -> tuple[Assignment, ...]:
    """
    Share a level out over the clauses of *formula*, so that the outcome that *mode* protects is wrong at most so often.

    In ``fp-free`` a PASS is protected: AND hands its level to every part, since a wrong PASS needs the one false part
    to be declared true (intersection–union, Berger 1982); OR divides it equally over its parts (Bonferroni).
    ``fn-free`` protects FAIL, and the two change places.

    A clause on *d* bounds the disagreement for its siblings, and for all that is below them.
    *Why that is free.* Claim: if d is within the cap that a part was handed, its protected outcome is wrong with
    probability at most its level. Take ``d < A`` under an AND (``d > A`` under an OR is the mirror image).
    If d >= A in truth, the AND is false: a FAIL is right, and a PASS needs the clause ``d < A`` to be declared true,
    which has at most the AND's level. If d < A in truth, the cap A holds for every sibling, and the claim passes from
    the parts to the AND as it would without the cap. Nothing here depends on which outcome is protected, so it holds
    in both modes; by induction it holds at the root, whose cap is 1. (theory.md §2; the cap is used by differences
    of candidate and baseline alone, whose share of discordant examples is at most d. On a slice, d is another number
    than on the whole: a bound holds for clauses on the very same slice, and for no other.)

    The miss probability is divided where the level is handed on whole, because there all parts must succeed; where
    the level is divided, one part that succeeds is enough, and each is planned by itself (theory.md §6).

    Args:
        formula: A normal form.
        mode: ``fp-free`` or ``fn-free``.

    Returns:
        One assignment for each clause, by index.

    Raises:
        DomainError: If *mode* is neither.
    """
    if mode not in {_FP_FREE, _FN_FREE}:
        raise DomainError(f"mode must be {_FP_FREE} or {_FN_FREE}, not {mode!r}")
    # The fields of an Assignment without its clause travel down the tree; the clause is put in at the leaf.
    root = Assignment(clauses(formula)[0])
    return tuple(_descend(formula, root, {}, AllOf if mode == _FP_FREE else AnyOf))


def _descend(
    formula: Formula, given: Assignment, caps: Mapping[Slice | None, float], whole: type[AllOf[Clause] | AnyOf[Clause]]
) -> Iterator[Assignment]:
    match formula:
        case Clause():
            cap = caps.get(formula.slice, 1.0) if formula.quantity.is_bounded_by_d else 1.0
            yield given._replace(clause=formula, disagreement_cap=cap)
        case AllOf(parts) | AnyOf(parts):
            shared = _shared(given, len(parts), isinstance(formula, whole))
            bounds = dict(caps)
            for part in parts:
                if isinstance(part, Clause) and _bounds_d(part, is_below=isinstance(formula, AllOf)):
                    bounds[part.slice] = min(bounds.get(part.slice, 1.0), part.threshold)
            for part in parts:
                yield from _descend(part, shared, bounds, whole)
        case _:
            assert_never(formula)


def _shared(given: Assignment, n_parts: int, is_whole: bool) -> Assignment:
    if is_whole:
        return given._replace(power_share=given.power_share / n_parts)
    return given._replace(log_share=given.log_share - math.log(n_parts))


def _bounds_d(part: Clause, is_below: bool) -> bool:
    """True if a clause bounds d wherever the truth of the formula is open: ``d < A`` in an AND, ``d > A`` in an OR."""
    quantity = part.quantity.of if isinstance(part.quantity, Clustered) else part.quantity
    return quantity == DISAGREEMENT and part.above != is_below
