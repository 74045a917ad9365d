"""Feedback at its price: a declared alphabet, whose probabilities sum to at most one (theory.md §4.3.2)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proctor.budget import Mode
from proctor.conditions import Truth, normalize, parse
from proctor.evaluation import Evaluation
from proctor.feedback import message, message_of_time, message_without_judgment
from proctor.gatefile import Estimate, ThreeWay, VerdictOnly
from proctor.gatefile.slot import Slot
from proctor.predictions import Labels, Panel
from proctor.sample import Sample

GRID = Estimate("n - o", -0.1, 0.1, 0.05)
SKEWED = Estimate("n - o", -0.1, 0.1, 0.05, (0.1, 0.2, 0.4, 0.2, 0.1))
POLICIES = {"verdict": VerdictOnly(), "three-way": ThreeWay(), "grid": GRID, "skewed": SKEWED}


def sample(gain: int, n_examples: int = 100) -> Sample:
    """A candidate that gets *gain* examples more (or fewer) right than the baseline."""
    labels = np.zeros(n_examples, int)
    new, old = np.ones(n_examples, int), np.ones(n_examples, int)
    (new if gain > 0 else old)[: abs(gain)] = 0
    return Sample(Panel(new, old), Labels(labels), np.arange(n_examples))


def evaluation(truth: Truth) -> Evaluation:
    return Evaluation(truth, (), 100)


def test_message__nothing_by_default():
    """By default nothing goes out beside the verdict, and nothing is charged."""
    assert message(VerdictOnly(), evaluation(Truth.TRUE), sample(3), Mode.FP_FREE) is None
    assert 0.0 == VerdictOnly().most_bits


@pytest.mark.parametrize(
    ("mode", "truth", "expected"),
    [
        (Mode.FP_FREE, Truth.TRUE, None),
        (Mode.FP_FREE, Truth.FALSE, ("does not hold", math.log(0.5))),
        (Mode.FP_FREE, Truth.UNKNOWN, ("cannot tell", math.log(0.5))),
        (Mode.FN_FREE, Truth.FALSE, None),
        (Mode.FN_FREE, Truth.TRUE, ("holds", math.log(0.5))),
        (Mode.FN_FREE, Truth.UNKNOWN, ("cannot tell", math.log(0.5))),
    ],
)
def test_message__three_way(mode, truth, expected):
    """The unproven outcome says at one bit which of two it was; the proven one has nothing to add."""
    assert expected == message(ThreeWay(), evaluation(truth), sample(0), mode)


@pytest.mark.parametrize(
    ("gain", "expected"),
    [(0, "0"), (3, "0.05"), (2, "0"), (7, "0.05"), (8, "0.1"), (40, "0.1"), (-40, "-0.1"), (-4, "-0.05")],
)
def test_message__estimate_is_the_nearest_point(gain, expected):
    """The estimate is rounded to the grid, and to its ends beyond them."""
    found = message(GRID, evaluation(Truth.TRUE), sample(gain), Mode.FP_FREE)

    assert (f"n - o ≈ {expected}", pytest.approx(math.log(1 / 5))) == found


@pytest.mark.parametrize(
    ("of", "expected"), [("o - n", "-0.05"), ("2 * n - 2 * o", "0.1"), ("error(o) - error(n)", "0.05")]
)
def test_message__estimate_is_of_the_expression_as_written(of, expected):
    """Sign and scale are those of the expression, not of the quantity that is estimated for it."""
    found = message(Estimate(of, -0.1, 0.1, 0.05), evaluation(Truth.TRUE), sample(5), Mode.FP_FREE)

    assert found is not None
    assert f"{of} ≈ {expected}" == found[0]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("mode", list(Mode))
def test_message__probabilities_of_all_messages_sum_to_at_most_one(policy, mode):
    """By enumeration over truth values and gains: for each verdict the messages are a code (Kraft's inequality)."""
    said: dict[bool, dict[str, float]] = {True: {}, False: {}}
    for truth in Truth:
        for gain in range(-100, 101):
            found = message(policy, evaluation(truth), sample(gain), mode)
            if found is not None:
                said[evaluation(truth).is_pass[mode]][found[0]] = math.exp(found[1])

    for messages in said.values():
        assert sum(messages.values()) <= 1 + 1e-12
        assert all(-math.log2(probability) <= policy.most_bits + 1e-12 for probability in messages.values())


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_message_without_judgment__is_one_that_a_judgment_gives(policy):
    """What goes out with a crash on sealed inputs could have been said of a judged candidate, at the same price."""
    possible = [
        message(policy, evaluation(truth), sample(gain), Mode.FP_FREE) for truth in Truth for gain in range(-100, 101)
    ]

    assert message_without_judgment(policy) in possible


def test_chances__declared_or_equal():
    """Undeclared probabilities are equal ones."""
    assert (0.2,) * 5 == GRID.chances
    assert SKEWED.probabilities == SKEWED.chances
    assert math.log2(10) == pytest.approx(SKEWED.most_bits)


def test_points__of_the_grid_are_decimal():
    """Points are what a person would write, not sums of rounding errors."""
    assert (-0.1, -0.05, 0.0, 0.05, 0.1) == GRID.points
    assert normalize(parse("n - o > 0.05")) is not None


# --- time ------------------------------------------------------------------------------------------------------------


def test_message_of_time__plain_slot_says_nothing():
    """Where a run takes its slot whatever the model does, nothing is said and nothing charged."""
    assert message_of_time(Slot(20.0), [1, 1], 1, 5) is None


def test_message_of_time__of_declared_slots():
    """A run that ends in the third slot costs what was declared, and two runs cost the product."""
    said = message_of_time(Slot(5.0, 8, 0.5), [3], 1, 0)

    assert said is not None
    assert "ended in slot 3" == said[0]
    assert -3 == pytest.approx(said[1] / math.log(2))
    both = message_of_time(Slot(5.0, 8, 0.5), [1, 2], 1, 0)
    assert both is not None
    assert -3 == pytest.approx(both[1] / math.log(2))


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.9])
def test_slots__probabilities_sum_to_one(chance: float):
    """Kraft's inequality holds for every number of slots, those beyond `most` included."""
    slot = Slot(5.0, 8, chance)

    assert 1 == pytest.approx(math.fsum(math.exp(slot.log_probability(k)) for k in range(1, 500)))


def test_message_of_time__being_late_is_nearly_free_for_delta():
    """All ways to be late in the life of a test set have together less than a millionth of probability."""
    total = 0.0
    for evaluations in range(2_000):
        for late in range(1, 40):
            said = message_of_time(Slot(20.0), [1 + late], 1, evaluations)
            assert said is not None
            total += math.exp(said[1])

    assert total < 1e-6


def test_message_of_time__lateness_of_judging_is_charged():
    """A model that makes judging overrun pays for it, whatever else is said."""
    said = message_of_time(Slot(5.0, 8, 0.5), [1], 2, 0)

    assert said is not None
    assert "ended in slot 1; 1 slot late" == said[0]
    assert said[1] < -20 * math.log(2)
