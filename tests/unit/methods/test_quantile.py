"""Quantiles: the level by enumeration, one question for all ways to write it, and words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from proctor.budget import Mode
from proctor.conditions import measured_by, normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.counting.reading import Content, Numbers
from proctor.errors import ConditionError, DataError
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import Claim, method_of, reading_of
from proctor.methods.sizes.share import Share
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.words import explain, in_words


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def sample(said: np.ndarray) -> Sample:
    n = len(said)
    return Sample(Panel(said), Labels(np.zeros(n, np.int8), np.zeros(n, np.bool_)), np.arange(n))


@pytest.mark.parametrize("text", ["quantile(n, 0.9) < 200", "quantile(n, 0.9) > 200"])
@pytest.mark.parametrize("level", [0.05, 0.001])
def test_rejects__at_the_boundary_with_at_most_its_level(text: str, level: float) -> None:
    """By enumeration of all numbers of latencies that do not exceed the limit, where that share is 90 %."""
    asked = clause(text)
    method = method_of(asked.quantity)

    def wrong(n: int, log_level: float) -> float:
        within = [k for k in range(n + 1) if method.rejects(Claim(asked.threshold, asked.above, log_level), k, n)]
        return float(binom.pmf(within, n, 0.9).sum())

    sizes = range(1, 200, 3)
    assert max(wrong(n, math.log(level)) for n in sizes) <= level
    assert max(wrong(n, math.log(1.5 * level)) for n in sizes) > level  # a level that is too large is caught


def test_evaluate__agrees_with_numpy_where_it_is_plain() -> None:
    """On 3,000 latencies, no label in sight: a limit well above the quantile is kept, one well below is not."""
    said = np.random.default_rng(1).exponential(100, 3_000)
    limit = np.quantile(said, 0.95)

    def truth(text: str) -> str:
        return evaluate(clause(text), sample(said), Mode.FP_FREE, math.log(1e-3)).truth.name

    assert "TRUE" == truth(f"quantile(n, 0.95) < {limit * 1.2:.3f}")
    assert "FALSE" == truth(f"quantile(n, 0.95) < {limit * 0.8:.3f}")
    assert "TRUE" == truth(f"quantile(n, 0.95) > {limit * 0.8:.3f}")
    assert "UNKNOWN" == truth(f"quantile(n, 0.95) < {limit:.3f}")


def test_figures__are_of_the_share() -> None:
    """The owner sees how many do not exceed the limit, the limit itself among them."""
    formula, outcomes = clause("quantile(n, 0.5) < 3"), sample(np.array([1.0, 2, 3, 4, 5]))

    [found] = figures(evaluate(formula, outcomes, Mode.FP_FREE, math.log(0.05)), outcomes)["clauses"]

    assert ({"within": 3}, 0.6) == (found["counts"], found["estimate"])
    assert found["lower_bound"] < 0.6 < found["upper_bound"]


def test_question__is_one_for_all_ways_to_write_it() -> None:
    """The limit may stand on either side, multiplied; the tolerance is no part of it."""
    texts = ("quantile(n, 0.95) < 200", "200 > quantile(n, 0.950)", "2 * quantile(n, q=0.95) - 400 < 0 +/- 0.01")

    assert {"1 share(n <= 200) > 19/20"} == {question_of_text(text) for text in texts}
    assert question_of_text("quantile(n, 0.95) < 200") != question_of_text("quantile(n, 0.95) > 200")


def test_reading__is_of_numbers_without_labels() -> None:
    """Latencies have no labels."""
    assert (Numbers(), Content.ANY) == reading_of(normalize(parse("quantile(n, 0.95) < 200")))
    assert not method_of(clause("quantile(n, 0.5) < 3").quantity).needs_label(Panel(np.zeros(3))).any()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("quantile(n) < 200", "Write `quantile(n, 0.95)`"),
        ("quantile(n, 95) < 200", "95 % is written 0.95"),
        ("quantile(n, 0) < 200", "no share between 0 and 1"),
        ("median_absolute_error(n) < 2", "Did you mean `error_quantile`?"),
        ("error_quantile(n) < 2", "Write `error_quantile(n, 0.95)`"),
        ("error_quantile(n, 0.9) < 3 and n > 0.5", "read one file in two ways"),
        ("p95(n) < 200", "Did you mean `quantile`?"),
        ("quantile(latency, 0.95) < 200", "needs a model and a share"),
        ("quantile(n, 0.9) - quantile(o, 0.9) < 0", "is judged by itself"),
    ],
)
def test_call__says_what_is_wrong(text: str, words: str) -> None:
    """A first try works, or says exactly what to write."""
    with pytest.raises(ConditionError) as raised:
        normalize(parse(text))

    assert words in f"{raised.value.message} {raised.value.hint}"


def test_errors__agree_with_numpy_where_it_is_plain() -> None:
    """On 3,000 predicted numbers: the share within a limit is NumPy's, and a limit well above the quantile is kept."""
    true, noise = np.random.default_rng(2).normal(size=(2, 3_000))
    outcomes = Sample(Panel(true + noise), Labels(true), np.arange(3_000))
    limit = np.quantile(abs(noise), 0.9)

    def judged(text: str) -> tuple[str, float]:
        found = evaluate(clause(text), outcomes, Mode.FP_FREE, math.log(1e-3))
        return found.truth.name, found.findings[0].estimate

    assert ("TRUE", np.mean(abs(noise) <= 1.2 * limit)) == judged(f"error_quantile(n, 0.9) < {1.2 * limit}")
    assert "FALSE" == judged(f"error_quantile(n, 0.9) < {0.8 * limit}")[0]
    assert "UNKNOWN" == judged(f"error_quantile(n, 0.9) < {limit}")[0]


def test_errors__take_every_label_and_say_so() -> None:
    """A quantile of errors is another question than one of predictions, goes with other errors, and has its words."""
    asked = clause("error_quantile(n, 0.9) < 3 +/- 0.02")
    method = method_of(asked.quantity)
    share = Share(asked, True, math.log(1e-3), math.log(0.1), 1.0, 1.0, False)

    assert "1 share(abs(n - label) <= 3) > 9/10" == question_of_text(asked.text)
    assert (Numbers(), Content.NUMBERS) == reading_of(normalize(parse(f"{asked.text} and mae(n, max=9) < 1")))
    assert method.needs_label(Panel(np.zeros(3))).all()
    planned = method.sizing(share, False, None)
    assert (1, "a share of all examples; every example needs its label") == (planned.label_share, planned.reason)
    assert in_words(asked) == "the 90 % quantile of the absolute errors of new is at most 3"
    with pytest.raises(DataError, match="no predictions of `o`"):
        method_of(clause("error_quantile(o, 0.5) < 2").quantity).statistic(
            Sample(Panel(np.zeros(4)), Labels(np.zeros(4)), np.arange(4))
        )


def test_measured_by__refuses_a_quantile() -> None:
    """Its share depends on a limit, which an expression without a comparison does not have."""
    with pytest.raises(ConditionError, match="no estimate"):
        measured_by("quantile(n, 0.95)")


def test_statistic__of_a_model_that_is_missing() -> None:
    """No predictions of the old model: nothing is judged."""
    with pytest.raises(DataError, match="no predictions of `o`"):
        method_of(clause("quantile(o, 0.95) < 2").quantity).statistic(sample(np.zeros(4)))


def test_words_and_plan__speak_of_the_share() -> None:
    """The tolerance is one of the share, and a plan takes no labels."""
    asked = clause("quantile(n, 0.95) < 200 +/- 0.01")
    assert in_words(asked) == "the 95 % quantile of new is at most 200"
    assert in_words(clause("quantile(n, 0.5) > 2.5")) == "the 50 % quantile of new is above 2.5"
    assert "a tolerance is one of it" in " ".join(explain(asked.text).asks)

    planned = method_of(asked.quantity).sizing(
        Share(asked, True, math.log(1e-3), math.log(0.1), 1.0, 1.0, False), False, None
    )

    assert 0 == planned.label_share
    n = planned.sample_size()
    needed = next(k for k in range(n + 1) if binom.sf(k - 1, n, 0.95) <= 1e-3)
    assert binom.cdf(needed - 1, n, 0.97) <= 0.1
