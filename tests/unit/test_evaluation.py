"""Outcomes, formula and level to an evaluation: three values, two modes, figures for the owner."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from proctor.budget import Mode
from proctor.conditions import Formula, Truth, normalize, parse, slices
from proctor.counting.coding import recoded
from proctor.counting.events import Coding
from proctor.counting.panel import Panel
from proctor.errors import DataError
from proctor.evaluation import estimate, evaluate, figures, summary
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.stats import binomial, paired

LOG_LEVEL = math.log(1e-3)


@dataclass(frozen=True)
class Table:
    """Which examples candidate, baseline and anchor get right, and where candidate and baseline differ."""

    n: NDArray[np.bool_]
    o: NDArray[np.bool_]
    d: NDArray[np.bool_]

    @property
    def n_examples(self) -> int:
        return len(self.n)

    def counts(self, coding: Coding) -> list[int]:
        return np.bincount(self.codes(coding), minlength=1 << len(coding.events)).tolist()

    def codes(self, coding: Coding) -> NDArray[np.intp]:
        return recoded(coding.events, np.stack([self.n, self.o, self.o, self.d], axis=1))


def table(wins: int, losses: int, n_examples: int = 1_000, both: int = 300) -> Table:
    """So many examples that only the candidate, only the baseline, and both get right."""
    n = np.zeros(n_examples, bool)
    o = np.zeros(n_examples, bool)
    n[: wins + both] = True
    o[wins : wins + both + losses] = True
    order = np.random.default_rng(3).permutation(n_examples)  # betting takes the examples as they come
    return Table(n[order], o[order], (n != o)[order])


def formula(text: str) -> Formula:
    return normalize(parse(text))


CASES = {
    "difference holds": ("n - o > 0.02 +/- 0.02", table(150, 20), Truth.TRUE),
    "difference fails": ("n - o > 0.02 +/- 0.02", table(20, 150), Truth.FALSE),
    "difference unknown": ("n - o > 0.02 +/- 0.02", table(40, 20), Truth.UNKNOWN),
    "below holds": ("n - o < 0.02 +/- 0.02", table(20, 150), Truth.TRUE),
    "below fails": ("n - o < 0.02 +/- 0.02", table(150, 20), Truth.FALSE),
    "proportion holds": ("n > 0.3 +/- 0.02", table(150, 20), Truth.TRUE),
    "proportion fails": ("n > 0.6 +/- 0.02", table(150, 20), Truth.FALSE),
    "proportion below": ("d < 0.3 +/- 0.02", table(150, 20), Truth.TRUE),
    "linear holds": ("n - 0.5 * o > 0.1 +/- 0.05", table(400, 20), Truth.TRUE),
    "linear fails": ("n - 0.5 * o > 0.6 +/- 0.05", table(100, 100), Truth.FALSE),
    "both hold": ("n - o > 0.02 +/- 0.02 /\\ n > 0.3 +/- 0.02", table(150, 20), Truth.TRUE),
    "one fails of two": ("n - o > 0.02 +/- 0.02 /\\ n > 0.6 +/- 0.02", table(150, 20), Truth.FALSE),
    "one holds of either": ("n - o > 0.02 +/- 0.02 \\/ n > 0.6 +/- 0.02", table(150, 20), Truth.TRUE),
    "unknown and failed": ("n - o > 0.02 +/- 0.02 /\\ n > 0.6 +/- 0.02", table(40, 20), Truth.FALSE),
    "unknown or failed": ("n - o > 0.02 +/- 0.02 \\/ n > 0.6 +/- 0.02", table(40, 20), Truth.UNKNOWN),
}


@pytest.mark.parametrize(("text", "outcomes", "expected"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("mode", list(Mode))
def test_evaluate__three_values(text, outcomes, expected, mode):
    """Clear cases are told in both modes; only what cannot be told is decided by the mode (theory.md §2)."""
    evaluation = evaluate(formula(text), outcomes, mode, LOG_LEVEL)

    assert expected is evaluation.truth
    assert {Mode.FP_FREE: expected is Truth.TRUE, Mode.FN_FREE: expected is not Truth.FALSE} == evaluation.is_pass


def test_evaluate__no_examples_decide_nothing():
    """Without examples every clause is unknown: never a pass in fp-free (design.md, rule 4)."""
    evaluation = evaluate(formula("n > 0.1 +/- 0.02"), table(0, 0, 0, 0), Mode.FP_FREE, LOG_LEVEL)

    assert Truth.UNKNOWN is evaluation.truth
    assert not evaluation.is_pass[Mode.FP_FREE]


def test_evaluate__conjunction_passes_the_level_on_and_disjunction_divides_it():
    """In fp-free every clause of a conjunction has the whole level; those of a disjunction share it (theory.md §2)."""

    def levels(text: str) -> list[float]:
        found = evaluate(formula(text), table(150, 20), Mode.FP_FREE, LOG_LEVEL)
        return [finding.log_level for finding in found.findings]

    assert [LOG_LEVEL] * 2 == pytest.approx(levels("n > 0.3 +/- 0.02 /\\ o > 0.1 +/- 0.02"))
    assert [LOG_LEVEL - math.log(2)] * 2 == pytest.approx(levels("n > 0.3 +/- 0.02 \\/ o > 0.1 +/- 0.02"))


def test_evaluate__smaller_level_needs_more():
    """The same outcomes may prove a clause at one level and not at a far smaller one."""
    asked, outcomes = formula("n - o > 0.02 +/- 0.02"), table(70, 20)

    assert Truth.TRUE is evaluate(asked, outcomes, Mode.FP_FREE, math.log(0.05)).truth
    assert Truth.UNKNOWN is evaluate(asked, outcomes, Mode.FP_FREE, -40.0).truth


def test_figures__are_those_of_the_methods():
    """The owner sees counts, estimate, bounds and p-value of each clause, at the clause's own level."""
    outcomes = table(150, 20)
    evaluation = evaluate(formula("n - o > 0.02 +/- 0.02 /\\ n > 0.3 +/- 0.02"), outcomes, Mode.FP_FREE, LOG_LEVEL)

    difference, proportion = figures(evaluation, outcomes)["clauses"]

    assert {"wins": 150, "losses": 20} == difference["counts"]
    assert 0.13 == pytest.approx(difference["estimate"])
    assert paired.lower_bound(150, 20, 1_000, 1e-3) == pytest.approx(difference["lower_bound"])
    assert paired.p_value(150, 20, 1_000, 0.02, 1e-3) == pytest.approx(difference["p_value"])
    assert binomial.upper_bound(450, 1_000, 1e-3) == pytest.approx(proportion["upper_bound"])
    assert difference["lower_bound"] < difference["estimate"] < difference["upper_bound"]


def test_figures__of_a_linear_expression():
    """A linear expression has bounds and no p-value."""
    outcomes = table(400, 20)
    evaluation = evaluate(formula("n - 0.5 * o > 0.1 +/- 0.05"), outcomes, Mode.FP_FREE, LOG_LEVEL)

    (clause,) = figures(evaluation, outcomes)["clauses"]

    assert clause["p_value"] is None
    assert clause["lower_bound"] < clause["estimate"] < clause["upper_bound"]


def test_summary__is_what_was_found():
    """The short form holds truth and counts, and no bounds."""
    evaluation = evaluate(formula("n - o > 0.02 +/- 0.02"), table(150, 20), Mode.FP_FREE, LOG_LEVEL)

    (clause,) = summary(evaluation)["clauses"]

    assert ("true", {"wins": 150, "losses": 20}) == (clause["truth"], clause["counts"])
    assert "p_value" not in clause


def test_estimate__without_examples():
    """No examples, no estimate."""
    (clause,) = (finding.clause for finding in evaluate(formula("n > 0.1"), table(1, 1), Mode.FP_FREE, -3.0).findings)

    assert math.isnan(estimate(clause.quantity, table(0, 0, 0, 0)))


# --- slices ----------------------------------------------------------------------------------------------------------

QUANTITIES = ("n > 0.4", "d < 0.5", "n - o > 0.02", "n - 0.5 * o > 0.1", "n - a > -0.2")


@pytest.mark.parametrize("text", QUANTITIES)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1))
@settings(max_examples=20, deadline=None)
def test_evaluate__a_slice_is_judged_as_if_there_were_no_other_examples(text, seed, share):
    """Statistics, decision and figures on a slice are those of its examples alone, with the labels of these alone."""
    rng = np.random.default_rng(seed)
    n = 300
    labels, new, old, anchor = (rng.integers(0, 3, n) for _ in range(4))
    new = np.where(rng.random(n) < 0.6, labels, new)
    mask, order = rng.random(n) < share, rng.permutation(n)
    mask[0] = True
    on_slice = normalize(parse(f"{text} on x == 1"))
    (slice_,) = slices(on_slice)
    known = Labels(np.where(mask, labels, -1), mask)
    whole = Sample(Panel(new, old, anchor), known, order, {slice_: mask})
    positions = np.cumsum(mask) - 1
    alone = Sample(Panel(new[mask], old[mask], anchor[mask]), Labels(labels[mask]), positions[order[mask[order]]])

    found = evaluate(on_slice, whole, Mode.FP_FREE, LOG_LEVEL)
    expected = evaluate(normalize(parse(text)), alone, Mode.FP_FREE, LOG_LEVEL)

    assert (expected.truth, expected.findings[0].counts) == (found.truth, found.findings[0].counts)
    (ours,), (theirs,) = figures(found, whole)["clauses"], figures(expected, alone)["clauses"]
    assert {**theirs, "clause": ours["clause"], "n_examples": int(mask.sum())} == ours


def test_evaluate__clauses_on_slices_and_on_all():
    """Each clause has the examples that it is about: better in one slice, worse in the other, alike on the whole."""
    n, half = 1_000, np.arange(1_000) < 500
    new = np.where(half, 1, 0)
    whole = Sample(
        Panel(new, 1 - new),
        Labels(np.ones(n, int)),
        np.arange(n),
        dict(zip(slices(formula("n > o on x == 1 and n > o on x == 2")), (half, ~half), strict=True)),
    )

    found = evaluate(
        formula("n - o > 0.5 on x == 1 and n - o < -0.5 on x == 2 and n - o < 0.3"), whole, Mode.FP_FREE, LOG_LEVEL
    )

    assert [Truth.TRUE] * 3 == [finding.truth for finding in found.findings]


@pytest.mark.parametrize("masks", ["none", "empty"])
def test_evaluate__a_slice_that_is_not_known_or_empty_is_no_outcome(masks):
    """Nothing is judged on no examples: in fn-free, not knowing would pass."""
    asked = formula("n > 0.5 on x == 1")
    known = {slice_: np.zeros(3, bool) for slice_ in slices(asked)} if masks == "empty" else {}
    sample = Sample(Panel(np.ones(3, int)), Labels(np.ones(3, int)), np.arange(3), known)

    with pytest.raises(DataError, match="no example is known to be in the slice `x == 1`"):
        evaluate(asked, sample, Mode.FN_FREE, LOG_LEVEL)
