"""
Formulas of clauses: the form that a condition is judged in, and how it is walked.

A clause is one linear expression against one constant; `proctor.conditions` makes it from a syntax tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TypeGuard, TypeVar, assert_never, cast

from proctor.errors import ConditionError
from proctor.frozen import dataclass, replace
from proctor.language.quantities import (
    OF_HITS,
    Averaged,
    Clustered,
    FScore,
    Gap,
    MetricDifference,
    Quantity,
    Ratio,
    Sampled,
    quantity_variables,
)
from proctor.language.tree import AllOf, AnyOf, Leaf, Slice, Variable, column_text

Target = TypeVar("Target")


@dataclass(frozen=True)
class Clause:
    """
    One comparison in normal form.

    Attributes:
        quantity: What is compared.
        above: True for ``quantity > threshold``, False for ``quantity < threshold``.
        threshold: The constant, in the quantity's unit (1 is 100 points).
        tolerance: Resolution that the test set must have, in the same unit; > 0, or ``None`` if left out.
        text: The clause as written, in canonical form.
        index: Its position in the formula, from 0.
        slice: The examples that it is about; ``None`` for all of them.
    """

    quantity: Quantity
    above: bool
    threshold: float
    tolerance: float | None
    text: str
    index: int
    slice: Slice | None = None

    def __str__(self) -> str:
        return self.text


Formula = Clause | AllOf[Clause] | AnyOf[Clause]


def clauses(formula: Formula) -> tuple[Clause, ...]:
    """All clauses of *formula*, by index."""
    return tuple(_leaves(formula))


def variables(formula: Formula) -> frozenset[Variable]:
    """All variables that *formula* speaks of."""
    return frozenset(name for clause in clauses(formula) for name in quantity_variables(clause.quantity))


def slices(formula: Formula) -> tuple[Slice, ...]:
    """The slices that clauses of *formula* are about, each once, in the order of the text."""
    return tuple(dict.fromkeys(clause.slice for clause in clauses(formula) if clause.slice is not None))


def expanded(formula: Formula, groups: Callable[[Slice], tuple[Slice, ...]]) -> Formula:
    """
    The formula with a clause for each slice in place of those about every value of a column (theory.md §2).

    Args:
        formula: The formula.
        groups: The slices that a slice with a column stands for; at least one.
    """

    def change(clause: Clause) -> Formula:
        if clause.slice is None or clause.slice.every is None:
            return clause
        if isinstance(clause.quantity, Gap):
            return _between(clause, clause.quantity, groups(clause.slice))
        head, tail = f"every {column_text(clause.slice.every)}: ", f" on {clause.slice.filtered}"
        body = clause.text.removeprefix(head)
        body = body.removesuffix(tail) if clause.slice.filters else body
        each = tuple(replace(clause, slice=one, text=f"{body} on {one}") for one in groups(clause.slice))
        return AllOf(each) if len(each) > 1 else each[0]

    if not any(each.every for each in slices(formula)):
        return formula
    # A clause may become an AND, which `mapped` flattens into the one around it.
    return renumbered(mapped(formula, cast("Callable[[Clause], Clause]", change)))


def _between(clause: Clause, gap: Gap, groups: tuple[Slice, ...]) -> Formula:
    """A clause for each group, against all others."""
    if len(groups) < 2:
        raise ConditionError(
            f"`{clause}` compares the values of {gap.by!r}, and the test set has one of them: {groups[0]}",
            "A gap needs two groups at least; name another column.",
        )
    return AllOf(
        tuple(
            replace(
                clause,
                quantity=replace(gap, others=tuple(each for each in groups if each != one)),
                slice=one,
                text=f"{clause.text}, {one} against the others",
            )
            for one in groups
        )
    )


def clustered(formula: Formula, cluster: str | None) -> Formula:
    """
    The formula about the mean over clusters in place of that over examples; as it stands where *cluster* is ``None``.

    Args:
        formula: The formula.
        cluster: Name of the column that tells whose each example is.

    Raises:
        ConditionError: If a clause is about what is no mean of one value of each example.
    """

    def change(clause: Clause) -> Clause:
        if not isinstance(clause.quantity, Averaged):
            raise ConditionError(
                f"`{clause}` cannot be judged by clusters of `{cluster}`: `{clause.quantity}` is no mean of one value "
                "of each example",
                "By clusters go accuracies and their differences (`n - o`), and means (`mean(n)`, `mae(n, max=10)`, "
                '`brier(n, "spam")`). Ask the rest of a test set with one example of each cluster.',
            )
        return replace(clause, quantity=Clustered(clause.quantity, str(cluster)))

    return formula if cluster is None else mapped(formula, change)


DRAWN = 0.1
"""Share of the examples that are drawn for labeling where not all labels are bought."""


def sampled(formula: Formula) -> Formula:
    """
    The formula judged by the labels of disagreements and of a random share of the rest, as far as it can be.

    So are differences of precision, recall, specificity, F1 and F-beta; clauses on anything else stand as they are.
    """

    def change(clause: Clause) -> Clause:
        return replace(clause, quantity=Sampled(clause.quantity, DRAWN)) if can_be_sampled(clause.quantity) else clause

    return mapped(formula, change)


def can_be_sampled(quantity: Quantity) -> TypeGuard[MetricDifference]:
    """True of a difference between two models in a metric that counts hits, misses or false alarms of one class."""
    if not isinstance(quantity, MetricDifference):
        return False
    return isinstance(quantity.of, FScore) or (isinstance(quantity.of, Ratio) and quantity.of.metric in OF_HITS)


def clusters(formula: Formula) -> str | None:
    """Name of the column by whose clusters *formula* is judged; ``None`` if it is judged by examples."""
    quantity = clauses(formula)[0].quantity
    return quantity.cluster if isinstance(quantity, Clustered) else None


def restrict(formula: Formula, allowed: Iterable[Variable]) -> Formula | None:
    """
    The formula of those clauses that use nothing but *allowed* variables, numbered anew.

    It is another condition, and is to be named as such (theory.md §5); ``None`` if no clause is left.
    """
    rest = _kept(formula, frozenset(allowed))
    return None if rest is None else renumbered(rest)


def renumbered(formula: Formula) -> Formula:
    """The same formula with its clauses numbered from 0 in the order of the text."""
    numbers = iter(range(len(clauses(formula))))
    return mapped(formula, lambda clause: replace(clause, index=next(numbers)))


# --- walking formulas ------------------------------------------------------------------------------------------------


def _leaves(formula: Leaf | AllOf[Leaf] | AnyOf[Leaf]) -> Iterable[Leaf]:
    if isinstance(formula, AllOf | AnyOf):
        for part in formula.parts:
            yield from _leaves(part)
    else:
        yield formula


def mapped(
    formula: Leaf | AllOf[Leaf] | AnyOf[Leaf], change: Callable[[Leaf], Target]
) -> Target | AllOf[Target] | AnyOf[Target]:
    """The formula with every leaf changed, and AND within AND, OR within OR flattened."""
    match formula:
        case AllOf(parts):
            changed = [mapped(part, change) for part in parts]
            return AllOf(
                tuple(chain.from_iterable(part.parts if isinstance(part, AllOf) else (part,) for part in changed))
            )
        case AnyOf(parts):
            changed = [mapped(part, change) for part in parts]
            return AnyOf(
                tuple(chain.from_iterable(part.parts if isinstance(part, AnyOf) else (part,) for part in changed))
            )
        case leaf:
            return change(leaf)


def _kept(formula: Formula, allowed: frozenset[Variable]) -> Formula | None:
    match formula:
        case Clause(quantity):
            return formula if quantity_variables(quantity) <= allowed else None
        case AllOf(parts) | AnyOf(parts):
            rest = tuple(kept for part in parts if (kept := _kept(part, allowed)) is not None)
            return replace(formula, parts=rest) if len(rest) > 1 else (rest or (None,))[0]
        case _:
            assert_never(formula)
