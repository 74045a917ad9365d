"""
How long plans take, in cold imports, and what the exact plan saves in labels; a script, not a test.

The unit is the whole process of ``python -c "import numpy, scipy.special, yaml"``, measured in the same run.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

ROUNDS = 5
QUERY_I = ["--condition", "n - o > 0.02 +/- 0.02", "--reliability", "0.998", "--steps", "7", "--disagreement", "0.1"]
SYMMETRIC = ["--adaptivity", "none", "--power", repr(1 - 0.002 / 7)]
PLANS = [
    ("hoeffding", [*QUERY_I, "--adaptivity", "none", "--bound", "hoeffding"], 1.5),
    ("bennett", [*QUERY_I, "--adaptivity", "none", "--bound", "bennett"], 1.5),
    ("exact, query I, none", [*QUERY_I, "--adaptivity", "none"], 4.0),
    ("exact, query I, recycling", QUERY_I, 4.0),
    ("exact, 17,878 examples", ["--condition", "n - o > 0.02 +/- 0.01", "--disagreement", "0.1"], 6.0),
    ("exact, 50,000 examples", ["--condition", "n - o > 0.01 +/- 0.006", "--disagreement", "0.1"], 6.0),
    ("exact, 200,000 examples", ["--condition", "n - o > 0.01 +/- 0.003", "--disagreement", "0.1"], 6.0),
    ("exact, no disagreement", ["--condition", "n - o > 0.01 +/- 0.01"], 6.0),
    ("exact, one accuracy", ["--condition", "n > 0.5 +/- 0.003"], 12.0),
    ("hinge", ["--condition", "n - 1.1 * o > 0 +/- 0.01", "--disagreement", "0.1"], 12.0),
]


def seconds(command: list[str], rounds: int = ROUNDS) -> float:
    """Median whole-process time."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def plan(arguments: list[str]) -> dict[str, int]:
    """The plan as the command prints it."""
    command = [sys.executable, "-c", "from proctor.cli import main; main()", "plan", *arguments, "--json"]
    found: dict[str, int] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main() -> None:
    """Print every ratio beside its target."""
    unit = seconds([sys.executable, "-c", "import numpy, scipy.special, yaml"])
    print(f"cold import: {unit:.2f} s")
    for name, arguments, target in PLANS:
        size = plan(arguments)["examples"]
        command = [sys.executable, "-c", "from proctor.cli import main; main()", "plan", *arguments]
        ratio = seconds(command, rounds=3) / unit
        print(f"{name:<28} {size:>9,} examples   {ratio:5.2f} cold imports (target {target:g})")
    exact = plan([*QUERY_I, *SYMMETRIC])["examples"]
    bennett = plan([*QUERY_I, "--adaptivity", "none", "--bound", "bennett"])["examples"]
    print(f"label cost of SemEval query I: exact {exact:,} (target 2,750), Bennett {bennett:,}: {exact / bennett:.2f}")


if __name__ == "__main__":
    main()
