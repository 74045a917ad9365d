"""
What `proctor preflight` takes before a push, as a whole process, in cold imports (`coldimport.py`).

    python tests/benchmarks/bench_preflight.py

Without development data: gate file, account, plan, cost, and 5,000 predictions read and held against the test set.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench_check import write_files
from coldimport import PROCTOR, cold_imports
from figures import figure


def main() -> None:
    """Print the ratio beside its target."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        looking = cold_imports([*PROCTOR, "preflight"], folder)
    figure("`proctor preflight`, no development data / cold import", looking.wall, most=2.5)
    figure("the same, processor time", looking.cpu)


if __name__ == "__main__":
    main()
