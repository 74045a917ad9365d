"""Expected calibration error in conditions: estimates, verdicts, plans that have their power, and words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from proctor.budget import Mode
from proctor.conditions import normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.counting.reading import Content, Numbers
from proctor.errors import ConditionError, DataError
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import method_of, reading_of
from proctor.methods.sizes.share import Share
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.stats import calibration
from proctor.stats.calibration import Deviations
from proctor.words import explain, in_words


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def sample(seed: int, off: float, n_examples: int = 4_000) -> Sample:
    """Probabilities of spam that are so much too large."""
    rng = np.random.default_rng(seed)
    said = rng.uniform(off, 1, n_examples)
    labels = np.where(rng.random(n_examples) < said - off, "spam", "ham")
    return Sample(Panel(said), Labels(labels), rng.permutation(n_examples))


def test_evaluate__shows_what_is_there_in_either_direction() -> None:
    """A calibrated model passes a limit, one that is off by 20 points fails it for certain."""

    def truth(text: str, outcomes: Sample) -> str:
        return evaluate(clause(text), outcomes, Mode.FP_FREE, math.log(1e-3)).truth.name

    assert "TRUE" == truth('ece(n, "spam", bins=5) < 0.08', sample(1, 0.0))
    assert "FALSE" == truth('ece(n, "spam", bins=5) < 0.08', sample(1, 0.2))
    assert "TRUE" == truth('ece(n, "spam", bins=5) > 0.08', sample(1, 0.2))
    assert "UNKNOWN" == truth('ece(n, "spam", bins=5) < 0.08', sample(1, 0.08))
    assert "UNKNOWN" == truth('ece(n, "spma", bins=5) < 0.08', sample(1, 0.0))


def test_figures__bound_the_error() -> None:
    """Bounds lie around the estimate."""
    outcomes = sample(2, 0.2)
    [found] = figures(evaluate(clause('ece(n, "spam") < 0.1'), outcomes, Mode.FP_FREE, -5.0), outcomes)["clauses"]

    assert 0.1 < found["lower_bound"] < found["estimate"] < found["upper_bound"] < 0.3
    assert found["estimate"] == pytest.approx(0.2, abs=0.03)
    assert found["p_value"] is None


def test_statistic__of_a_model_that_is_missing() -> None:
    """No predictions of the old model: nothing is judged."""
    with pytest.raises(DataError, match="no predictions of `o`"):
        method_of(clause('ece(o, "spam") < 0.1').quantity).statistic(sample(1, 0.0))


@pytest.mark.parametrize("text", ['ece(n, "spam", bins=4) < 0.1 +/- 0.04', 'ece(n, "spam", bins=4) > 0.05 +/- 0.04'])
def test_plan__has_its_power(text: str) -> None:
    """
    At the alternative, with outcomes that scatter as much as they can, nine in ten are recognized.

    60 seeded lives; a plan that has its power fails with a probability below 1e-4.
    """
    asked = clause(text)
    planned = method_of(asked.quantity).sizing(
        Share(asked, asked.above, math.log(1e-3), math.log(0.1), 1.0, 1.0, True), False, None
    )
    planned.check()
    size, truth, rng = planned.sample_size(), planned.share.alternative(asked.tolerance), np.random.default_rng(3)
    test = calibration.is_above if asked.above else calibration.is_below
    right = 0
    for _ in range(60):
        true = rng.random(size) < 0.5 - truth
        right += test(Deviations(0.5 - true, rng.integers(0, 4, size), 4), asked.threshold, math.log(1e-3))

    assert right >= binom.ppf(1e-4, 60, 0.9)
    assert planned.tolerance(size) == pytest.approx(asked.tolerance, rel=0.02)
    assert planned.resolves(size)
    assert not planned.resolves(size // 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ece(n) < 0.1", 'Write `ece(n, "spam", bins=10)`'),
        ('ece(n, "spam", bins=50) < 0.1', "is no number from 1 to 10"),
        ('ece(n, "spam", bins=2.5) < 0.1', "is no number from 1 to 10"),
        ('ece(n, "spam") - ece(o, "spam") < 0', "Compare one with a number"),
        ('ece(n, "spam") < 5', "5 % is written 0.05"),
        ('expected_calibration_error(n, "spam") < 0.1', "Did you mean `ece`?"),
        ('ece(n, "spam") < 0.1 and n > 0.8', "read one file in two ways"),
    ],
)
def test_call__says_what_is_wrong(text: str, words: str) -> None:
    """A first try works, or says exactly what to write."""
    with pytest.raises(ConditionError) as raised:
        normalize(parse(text))

    assert words in f"{raised.value.message} {raised.value.hint}"


def test_words_and_reading__are_of_probabilities() -> None:
    """Ten bins are meant where none are named, and probabilities outside [0, 1] are refused by the reading."""
    assert question_of_text('ece(n, "spam") < 0.05') == question_of_text('ece(n, "spam", n_bins=10) < 0.05 +/- 0.01')
    assert in_words(clause('ece(n, "spam") < 0.05')) == "the calibration error of new for class spam is below 5 points"
    assert "10 equally wide bins" in " ".join(explain('ece(n, "spam") < 0.05').asks)
    assert (Numbers(0, 1), Content.CLASSES) == reading_of(clause('ece(n, "spam") < 0.05'))
