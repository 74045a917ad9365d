"""
Paired tests and plans: time in cold imports, and examples against the Neyman–Pearson limit.

Run it as a script: ``python tests/benchmarks/bench_paired.py``.
A *cold import* is described in `coldimport.py`.

The limit: against one alternative and one point of the null,
the likelihood-ratio test is the most powerful (Neyman & Pearson 1933);
so no test of the composite null can need fewer examples than the likelihood-ratio test does at the worst nuisance.
It is computed here from the trinomial distribution, by code that shares nothing with the product.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from coldimport import cold_import_s
from figures import figure
from scipy import optimize, stats

from proctor.stats import paired
from proctor.stats.paired import Demand, PairedTest
from proctor.stats.resolution import reachable_tolerance, sample_size

SEMEVAL = math.log(0.002 / 7)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-limit", action="store_true", help="leave out the grid against the limit")
    cold = cold_import_s()
    print(f"cold import: {cold * 1e3:.0f} ms")
    times(cold)
    if not parser.parse_args().no_limit:
        grid()


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def times(cold: float) -> None:
    """Print each measured ratio beside what it must reach."""
    for n, decision, p_value in ((10_000, 0.05, 0.6), (1_000_000, 1.0, 12.0)):
        slowest = max(timed(lambda k=k, n=n: decide(n, k)) for k in (1.02, 1.0, 0.99, 0.9))
        report(f"paired test: decision at {n:,} examples / cold import", slowest / cold, decision)
        wins, losses = boundary(n, 1.01)
        seconds = timed(lambda n=n, w=wins, ls=losses: paired.p_value(w, ls, n, 0.02, 0.001))
        report(f"paired test: p-value at {n:,} examples / cold import", seconds / cold, p_value)
    for name, demand, tolerance, target in PLANS:
        seconds = timed(lambda d=demand, t=tolerance: sample_size.__wrapped__(d, t))
        size = sample_size(demand, tolerance)
        report(f"plan of `{name}`, {size:,} examples, in process / cold import", seconds / cold, target)
    seconds = timed(lambda: reachable_tolerance.__wrapped__(Demand(0.02, SEMEVAL, SEMEVAL, 0.1), 5_000))
    figure("reachable tolerance at 5,000 examples / cold import", seconds / cold)


PLANS = [
    ("n - o > 0.02 +/- 0.02", Demand(0.02, SEMEVAL, SEMEVAL, 0.1), 0.02, 2.8),
    ("n - o > 0.01 +/- 0.0025", Demand(0.01, -10.0, -7.0, 0.1), 0.0025, 4.8),
    ("n - o > 0 +/- 0.001", Demand(0.0, -10.0, -7.0, 0.1), 0.001, 10.0),
]


def report(what: str, ratio: float, target: float) -> None:
    """Print one row: what was measured."""
    figure(what, ratio, most=target)


def boundary(n: int, factor: float) -> tuple[int, int]:
    """Outcome near the boundary of rejection at a tenth of disagreements, threshold 0.02, level 0.1 %."""
    m = n // 10
    z = -stats.norm.ppf(0.001) * 1.02 * factor
    difference = round(n * 0.02 + z * math.sqrt(n * (0.1 - 0.02**2)))
    return (m + difference) // 2, m - (m + difference) // 2


def decide(n: int, factor: float) -> bool:
    """One decision near the boundary."""
    return PairedTest(n, 0.02, math.log(0.001)).rejects(*boundary(n, factor))


@dataclass(frozen=True)
class Trinomial:
    """Chances of a win, a loss and a tie."""

    win: float
    lose: float

    @property
    def chances(self) -> np.ndarray:
        """The three chances."""
        return np.array([self.win, self.lose, max(0.0, 1 - self.win - self.lose)])


def population(difference: float, psi: float) -> Trinomial:
    """The population of a difference and a disagreement."""
    return Trinomial(max(0.0, (psi + difference) / 2), max(0.0, (psi - difference) / 2))


def log_masses(n: int, w: np.ndarray, ell: np.ndarray, at: Trinomial) -> np.ndarray:
    """Logarithms of the trinomial probabilities."""
    psi = at.win + at.lose
    return stats.binom.logpmf(w + ell, n, min(psi, 1.0)) + stats.binom.logpmf(w, w + ell, min(at.win / psi, 1.0))


def likely(n: int, at: Trinomial, log_outside: float) -> tuple[np.ndarray, np.ndarray]:
    """Wins and losses (as a grid) outside which there is hardly any probability."""
    axes = []
    for chance in (at.win, at.lose):
        reach = math.sqrt(2 * n * chance * (1 - chance) * -log_outside) - log_outside / 3
        axes.append(np.arange(max(0, math.floor(n * chance - reach)), min(n, math.ceil(n * chance + reach)) + 1))
    w, ell = np.meshgrid(*axes, indexing="ij")
    keep = w + ell <= n
    return w[keep], ell[keep]


def limit_miss(n: int, null: Trinomial, truth: Trinomial, demand: Demand) -> float:
    """Smallest logarithm of the probability of a miss that any test of the level has, null and truth being points."""
    w, ell = likely(n, truth, demand.log_miss - 7)
    under_truth = log_masses(n, w, ell, truth)
    order = np.argsort(under_truth - log_masses(n, w, ell, null))[::-1]
    under_null = log_masses(n, w, ell, null)[order]
    size = np.cumsum(np.exp(under_null))
    missed = 1 - np.cumsum(np.exp(under_truth[order]))
    level = math.exp(demand.log_level)
    i = int(np.searchsorted(size, level))
    if i in (0, len(size)):
        return 0.0 if i == 0 else -math.inf
    share = (level - size[i - 1]) / (size[i] - size[i - 1])  # randomized, as the lemma allows
    return math.log(max((1 - share) * missed[i - 1] + share * missed[i], 1e-300))


def worst_nuisance(demand: Demand, truth: Trinomial, n: int) -> Trinomial:
    """The point of the null that is hardest to tell from the truth at this size."""

    def power(psi: float) -> float:
        return -limit_miss(n, population(demand.threshold, psi), truth, demand)

    low = abs(demand.threshold) + 1e-9
    center = optimize.minimize_scalar(
        lambda psi: divergence(truth, population(demand.threshold, psi)), bounds=(low, 1 - 1e-12), method="bounded"
    ).x
    error = math.sqrt(center * (1 - center) / n)
    bounds = (max(low, center - 3 * error), min(1 - 1e-12, center + 3 * error))
    psi = optimize.minimize_scalar(power, bounds=bounds, method="bounded", options={"maxiter": 15}).x
    return population(demand.threshold, min((psi, center), key=power))


def divergence(truth: Trinomial, null: Trinomial) -> float:
    """Kullback–Leibler divergence."""
    return float(sum(p * math.log(p / q) for p, q in zip(truth.chances, null.chances, strict=True) if p > 0))


def limit(demand: Demand, tolerance: float, start: int) -> int:
    """Examples that the most powerful test needs at the worst nuisance; real-valued search, rounded up."""
    truth = population(demand.threshold + 2 * tolerance, demand.disagreement)
    null = worst_nuisance(demand, truth, start)

    def lacking(n: int) -> float:
        return limit_miss(n, null, truth, demand) - demand.log_miss

    low, high = int(start * 0.9), start
    while high - low > max(1, start // 5_000):
        middle = (low + high) // 2
        low, high = (low, middle) if lacking(middle) <= 0 else (middle, high)
    return high


def grid() -> None:
    """Print examples needed, the limit and their ratio, over a grid of conditions."""
    report("examples needed / Neyman–Pearson limit, largest of the grid", max(compared(CONDITIONS)), 1.03)
    print("\nwhere a handful of losses decides (small samples, or a difference close to the disagreement):")
    compared(CORNERS)


def compared(conditions: list[tuple[float, float, float, float, float]]) -> list[float]:
    """Print one line for each condition; the ratios of examples needed to the limit."""
    print(f"\n{'condition':28s} {'d':>5s} {'level':>8s} {'miss':>8s} {'exact':>8s} {'limit':>8s}  ratio")
    ratios = []
    for c, tolerance, d, level, miss in conditions:
        demand = Demand(c, math.log(level), math.log(miss), d)
        n = sample_size(demand, tolerance)
        least = limit(demand, tolerance, n)
        ratios.append(n / least)
        name = f"n - o > {c:g} +/- {tolerance:g}"
        print(f"{name:28s} {d:5g} {level:8.1e} {miss:8.1e} {n:8,d} {least:8,d}  {ratios[-1]:.4f}", flush=True)
    return ratios


CONDITIONS = [
    (c, tolerance, d, level, miss)
    for c in (0.02, 0.0, -0.01)
    for tolerance in (0.02, 0.01)
    for d in (0.07, 0.1, 0.25)
    for level, miss in ((0.002 / 7, 0.002 / 7), (1e-3, 0.1), (1e-6, 1e-3))
    if c + 2 * tolerance <= 0.75 * d
]

CORNERS = [
    (0.02, 0.02, 0.07, 0.002 / 7, 0.002 / 7),
    (0.02, 0.02, 0.07, 1e-3, 0.1),
    (0.02, 0.02, 0.075, 1e-3, 0.1),
    (0.05, 0.05, 0.2, 1e-3, 0.1),
]


if __name__ == "__main__":
    main()
