"""
How long the test of bounded scores takes on a million of them, in seconds and in sorts of them.

Prints one line per figure. Run it as a script: ``python tests/benchmarks/bench_bounded.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from figures import figure

from proctor.stats import bounded

N_SCORES = 1_000_000
REPEATS = 5


def best(action: Callable[[], object]) -> float:
    """Shortest of several runs, in seconds of the processor."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    scores = np.random.default_rng(20_261_128).random(N_SCORES)
    elapsed = best(lambda: bounded.rejects(scores, threshold=0.5, log_level=-7.0))  # true, so all are read
    figure("decision on a million bounded scores", elapsed, unit="s", most=0.2)
    figure("decision on a million bounded scores / sorting them", elapsed / best(lambda: np.sort(scores)))


if __name__ == "__main__":
    main()
