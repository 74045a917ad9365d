"""
Examples and labels that F1 takes: as a difference between two models, beside the delta method, and as a floor.

Run it as a script: ``python tests/benchmarks/bench_ratio.py``.

The delta method is asymptotic, so its number of examples is no promise; it is what a test without a guarantee would
plan. The fallback compares Clopper and Pearson's bounds of both models, each at half the level.
Each power is measured on seeded lives at several sizes, and the size at which it is 0.9 is read off a straight line
of the normal quantile of the power against the root of the size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from figures import figure
from scipy.special import betaincinv
from scipy.stats import norm

from proctor.conditions import Clause, normalize, parse
from proctor.language import DRAWN
from proctor.methods import method_of
from proctor.methods.sizes.share import Share
from proctor.stats import contrast
from proctor.stats.contrast import Contrast

POWER = 0.9
LIVES = 300
LABEL, FIRST, SECOND = (np.arange(8) >> bit & 1 for bit in range(3))
LEAST = 1_521
"""First number of examples that are no true negatives at which ``f1 > 0.8 +/- 0.025`` works, both errors 0.1 %."""


class Population(NamedTuple):
    """Two models: each with its recall and false-positive rate, alike on a share of the examples."""

    prevalence: float
    recalls: tuple[float, float]
    alarms: tuple[float, float]
    shared: float

    @property
    def chances(self) -> np.ndarray:
        """Chance of each code; with the chance *shared* both models follow the same draw."""
        chances = np.zeros(8)
        for is_positive, of_label, (first, second) in (
            (1, self.prevalence, self.recalls),
            (0, 1 - self.prevalence, self.alarms),
        ):
            both = self.shared * min(first, second) + (1 - self.shared) * first * second
            of_calls = {0: 1 - first - second + both, 2: first - both, 4: second - both, 6: both}
            for calls, chance in of_calls.items():
                chances[is_positive | calls] = of_label * chance
        return chances

    def __str__(self) -> str:
        (new, old), (new_alarms, old_alarms) = self.recalls, self.alarms
        return f"({self.prevalence:g}; {new:g}, {old:g}; {new_alarms:g}, {old_alarms:g}; {self.shared:g})"


POPULATIONS = (
    Population(0.2, (0.85, 0.80), (0.05, 0.05), 0.8),
    Population(0.2, (0.80, 0.80), (0.03, 0.06), 0.8),
    Population(0.05, (0.80, 0.70), (0.01, 0.01), 0.8),
    Population(0.5, (0.92, 0.88), (0.10, 0.10), 0.7),
)


def main() -> None:
    """Print one row for each population and level, and one for a floor."""
    for population in POPULATIONS:
        for level in (1e-3, 1e-5):
            compare(population, level)
        by_draws(population, 1e-3)
    clause = normalize(parse('f1(n, "spam") > 0.8 +/- 0.025'))
    assert isinstance(clause, Clause)
    share = Share(clause, True, math.log(1e-3), math.log(1e-3), 1.0, 1.0, False)
    size = method_of(clause.quantity).sizing(share, False, None).sample_size()
    figure(f"plan of `F1 > 0.8 ± 0.025`, {size:,} examples, in the {LEAST:,} that can do", size / LEAST, most=1.02)


def compare(population: Population, level: float) -> None:
    """Print the examples of the test and of the fallback, in those of the delta method."""
    asymptotic = delta_method(population.chances, level)
    ours = reached(lambda n: power(population.chances, n, level), asymptotic, (0.9, 1.0, 1.1, 1.2, 1.3))
    bounds = reached(lambda n: power_of_bounds(population.chances, n, level), asymptotic, (4, 5, 6, 8, 10))
    what = f"F1 of new > F1 of old, {population} at {level:g}: examples in the delta method's {asymptotic:,.0f}"
    figure(f"{what} (two bounds: {bounds:.1f})", ours, most=1.25)


def by_draws(population: Population, level: float) -> None:
    """Print the labels of the test that draws one example in ten where models agree, in those of all examples."""
    chances, asymptotic = population.chances, delta_method(population.chances, level)
    factors = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
    every, drawn = (
        reached(lambda n, s=share: power(chances, n, level, s), asymptotic, factors) for share in (1, DRAWN)
    )
    differ = chances @ (FIRST != SECOND)
    labels = differ + DRAWN * (1 - differ)
    what = (
        f"the same with `labels: sampled` at {level:g}: labels in those of all ({drawn / every:.2f} times the examples)"
    )
    figure(what, labels * drawn / every)


def delta_method(chances: np.ndarray, level: float) -> float:
    """Examples of the asymptotic test of equal F1."""
    influence, difference = np.zeros(8), 0.0
    for said, sign in ((FIRST, 1), (SECOND, -1)):
        size = chances @ (LABEL + said)
        f1 = 2 * (chances @ (LABEL * said)) / size
        influence += sign * (2 * LABEL * said - f1 * (LABEL + said)) / size
        difference += sign * f1
    quantiles = norm.isf(level) + norm.ppf(POWER)
    return float((quantiles / difference) ** 2 * (chances @ influence**2))


def reached(power_at: Callable[[int], float], unit: float, factors: Sequence[float]) -> float:
    """Examples at which the power is 0.9, in units."""
    powers = np.clip([power_at(round(factor * unit)) for factor in factors], 0.5 / LIVES, 1 - 0.5 / LIVES)
    slope, start = np.polyfit(np.sqrt(factors), norm.ppf(powers), 1)
    return float(((norm.ppf(POWER) - start) / slope) ** 2)


def power(chances: np.ndarray, n_examples: int, level: float, share: float = 1.0) -> float:
    """Share of seeded lives in which the test proves that the new model's F1 is higher; *share* of labels drawn."""
    rng, proven = np.random.default_rng(n_examples), 0
    for _ in range(LIVES):
        codes = rng.choice(8, n_examples, p=chances)
        if share < 1:
            codes = codes + contrast.CODES * (rng.random(n_examples) < share)
        proven += contrast.rejects(Contrast(codes, 1.0, share), 0.0, math.log(level))
    return proven / LIVES


def power_of_bounds(chances: np.ndarray, n_examples: int, level: float) -> float:
    """Share of seeded lives in which the lower bound of the new model's F1 lies above the upper bound of the old's."""
    counts = np.random.default_rng(n_examples).multinomial(n_examples, chances, LIVES)
    hits, sizes = zip(*((counts @ (LABEL & said), counts @ (LABEL | said)) for said in (FIRST, SECOND)), strict=True)
    lower = betaincinv(hits[0], sizes[0] - hits[0] + 1, level / 2)
    upper = 1 - betaincinv(sizes[1] - hits[1], hits[1] + 1, level / 2)
    return float(np.mean(lower > upper))


if __name__ == "__main__":
    main()
