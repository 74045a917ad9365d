"""
How long the test of bounded scores takes on a million of them, in seconds and in sorts of them.

Prints one line per figure. Run it as a script: ``python tests/benchmarks/bench_bounded.py``.
"""

from __future__ import annotations

import time

import numpy as np
from figures import figure
from timing import best

from proctor.stats import bounded

N_SCORES = 1_000_000


def main() -> None:
    scores = np.random.default_rng(20_261_128).random(N_SCORES)
    # What is asked is true, so all scores are read.
    elapsed = best(lambda: bounded.rejects(scores, threshold=0.5, log_level=-7.0), clock=time.process_time)
    figure("decision on a million bounded scores", elapsed, unit="s", most=0.2)
    unit = best(lambda: np.sort(scores), clock=time.process_time)
    figure("decision on a million bounded scores / sorting them", elapsed / unit)


if __name__ == "__main__":
    main()
