"""Lineages: which set followed which, and what their error probabilities sum to (theory.md §1, end)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.budget import Contract
from proctor.custody.lineage import (
    Lineage,
    followed,
    last_set,
    lineage,
    needed_reliability,
    project_error,
    refuse_above_share,
    successor,
)
from proctor.errors import ContractError, DomainError, LedgerCorrupt, Misuse
from proctor.ledger.entries import GENESIS, Draft, seal
from proctor.ledger.lives import lives
from proctor.ledger.records import Origin, Registered, to_body


def books(
    *sets: tuple[str, str | None],
    reliability: float = 0.999,
    project: float | None = None,
    heirs: bool = False,
    gate: str | tuple[str, ...] = "g",
):
    """Lives of sets with a name and a predecessor each; *gate* is the one that registers all, or one for each."""
    gates = (gate,) * len(sets) if isinstance(gate, str) else gate
    entries, head = [], GENESIS
    for number, (name, before) in enumerate(sets, 1):
        record = Registered(
            testset=name,
            n_examples=10,
            contract=Contract(reliability),
            inputs="open",
            sketch={},
            columns=(),
            labels="c",
            origin=Origin(gates[number - 1], "1"),
            anchor=None,
            predecessor=before,
            project_error=project,
            inherits=heirs and before is not None,
        )
        entries.append(seal(Draft(record.kind, to_body(record), "2026-11-23T21:43:00Z"), number, head))
        head = entries[-1].hash
    return lives(entries)


CHAIN = (("a1", None), ("b2", "a1"), ("x9", None), ("c3", "b2"))


def names(found: Lineage) -> list[str]:
    return [life.registered.record.testset for life in found.sets]


@pytest.mark.parametrize(
    ("sets", "gates", "expected"),
    [
        ((("a1", None),), ("g",), ()),
        ((("a1", None), ("b2", "a1")), ("g", "g"), ("a1",)),
        ((("a1", None), ("b2", None)), ("g", "g"), ("a1",)),  # in passing, by the same gate
        ((("a1", None), ("b2", None)), ("g", "h"), ()),  # another gate's set is no successor
        ((("a1", None), ("b2", "a1")), ("g", "h"), ("a1",)),  # unless it says so
        ((("a1", None), ("b2", None), ("c3", None)), ("g", "h", "h"), ("b2",)),
    ],
)
def test_followed__by_name_or_in_passing(sets, gates, expected):
    """A set is over once another names it, or once its gate has registered a later one."""
    assert expected == followed(books(*sets, gate=gates))


@pytest.mark.parametrize("asked", ["a1", "b2", "c3"])
def test_lineage__is_the_same_from_each_of_its_sets(asked):
    """Ancestors and successors are found, and sets of other lineages are not."""
    assert ["a1", "b2", "c3"] == names(lineage(books(*CHAIN), asked))
    assert ["x9"] == names(lineage(books(*CHAIN), "x9"))


def test_lineage__error_probabilities_sum():
    """δ is per test set: three of them may be wrong with probability 3δ."""
    found = lineage(books(*CHAIN), "c3")

    assert 0.003 == pytest.approx(found.error_sum, rel=1e-12)
    assert ["a1", "b2"] == names(found.upto("b2"))


def test_lineage__heirs_add_nothing():
    """A line of heirs has the δ of its first set: one reliability for the project, for ever."""
    found = lineage(books(*CHAIN, heirs=True), "c3")

    assert 0.001 == pytest.approx(found.error_sum, rel=1e-12)


def test_lineage__predecessor_that_is_not_there():
    """A ledger that names a set as predecessor which it does not register is not believed."""
    with pytest.raises(LedgerCorrupt, match="does not register"):
        lineage(books(("b2", "a1")), "b2")


def test_lineage__circle():
    """Sets that follow one another in a circle, which only a forged ledger holds, end with an error and not never."""
    with pytest.raises(LedgerCorrupt):
        lineage(books(("a1", "b2"), ("b2", "a1")), "a1")


def test_last_set():
    """The set to follow is the gate's last one, or the one that is named; not one that was followed already."""
    found = books(("a1", None), ("b2", "a1"))

    assert "b2" == last_set(found, None, "g").registered.record.testset
    assert "b2" == last_set(found, "B", "g").registered.record.testset
    with pytest.raises(Misuse, match="has a successor already: b2"):
        last_set(found, "a1", "g")
    with pytest.raises(Misuse, match="no test set to follow"):
        last_set({}, None, "g")
    with pytest.raises(Misuse, match="not clear") as caught:
        last_set(books(("a1", None), ("x9", None)), None, "g")
    assert "a1, x9" in caught.value.hint
    assert successor(found, "b2") is None


@given(st.floats(1e-6, 0.5), st.integers(1, 20))
def test_needed_reliability__shares_never_sum_to_more_than_the_project(project, number):
    """Sets that are registered with what they are told together stay within the project's error probability."""
    errors = [Contract(needed_reliability(project, j)).error_probability for j in range(1, number + 1)]

    assert math.fsum(errors) <= project
    assert errors[-1] <= project * 0.5**number


def test_refuse_above_share():
    """A set that takes more than its share is refused with the reliability that it needs; its share is taken."""
    before = lineage(books(("a1", None), reliability=0.995, project=0.01), "a1")

    refuse_above_share(before.project_error, before, 0.9975)
    with pytest.raises(ContractError, match=r"2\^-2") as caught:
        refuse_above_share(before.project_error, before, 0.997)
    assert "0.9975" in caught.value.hint
    refuse_above_share(None, before, 0.6)


def test_refuse_above_share__sets_before_took_too_much():
    """A reliability for the whole project that is out of reach already is refused with what can still be asked."""
    before = lineage(books(("a1", None), reliability=0.99), "a1")

    with pytest.raises(ContractError, match="out of reach") as caught:
        refuse_above_share(0.01, before, 0.9999)
    assert "the 1 test set before this one may be wrong" in caught.value.message
    assert "98 %" in caught.value.hint
    refuse_above_share(0.02, before, 0.995)


def test_project_error():
    """What the owner asks now counts before what was asked earlier."""
    before = lineage(books(("a1", None), project=0.01), "a1")

    assert (0.05, 0.01, None) == (
        project_error(0.95, before),
        project_error(None, before),
        project_error(None, Lineage(())),
    )
    with pytest.raises(DomainError):
        project_error(1.0, before)
