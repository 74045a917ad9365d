"""
How long plans take, in cold imports, and what the exact plan saves in labels; a script, not a test.

The unit is described in `coldimport.py`.
"""

from __future__ import annotations

import json
import subprocess

from coldimport import PROCTOR, cold_imports
from figures import figure

ROUNDS = 5
QUERY_I = ["--condition", "n - o > 0.02 +/- 0.02", "--reliability", "0.998", "--steps", "7", "--disagreement", "0.1"]
SYMMETRIC = ["--adaptivity", "none", "--power", repr(1 - 0.002 / 7)]
PLANS = [
    ("hoeffding", [*QUERY_I, "--adaptivity", "none", "--bound", "hoeffding"], 1.5),
    ("bennett", [*QUERY_I, "--adaptivity", "none", "--bound", "bennett"], 1.5),
    ("exact, query I, none", [*QUERY_I, "--adaptivity", "none"], 4.0),
    ("exact, query I, recycling", QUERY_I, 4.0),
    ("exact, ± 0.01", ["--condition", "n - o > 0.02 +/- 0.01", "--disagreement", "0.1"], 6.0),
    ("exact, ± 0.006", ["--condition", "n - o > 0.01 +/- 0.006", "--disagreement", "0.1"], 6.0),
    ("exact, ± 0.003", ["--condition", "n - o > 0.01 +/- 0.003", "--disagreement", "0.1"], 6.0),
    ("exact, no disagreement", ["--condition", "n - o > 0.01 +/- 0.01"], 6.0),
    ("exact, one accuracy", ["--condition", "n > 0.5 +/- 0.003"], 12.0),
    ("hinge", ["--condition", "n - 1.1 * o > 0 +/- 0.01", "--disagreement", "0.1"], 12.0),
]


def plan(arguments: list[str]) -> dict[str, int]:
    """The plan as the command prints it."""
    command = [*PROCTOR, "plan", *arguments, "--json"]
    found: dict[str, int] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main() -> None:
    """Print every ratio beside its target."""
    for name, arguments, target in PLANS:
        size = plan(arguments)["examples"]
        ratio = cold_imports([*PROCTOR, "plan", *arguments], rounds=ROUNDS).wall
        figure(f"`proctor plan`, {name}, {size:,} examples / cold import", ratio, most=target)
    exact = plan([*QUERY_I, *SYMMETRIC])["examples"]
    bennett = plan([*QUERY_I, "--adaptivity", "none", "--bound", "bennett"])["examples"]
    figure("examples for SemEval-2019 query I, exact", exact, most=2_750)
    figure("examples for SemEval-2019 query I, exact / Bennett", exact / bennett)


if __name__ == "__main__":
    main()
