"""
Run every benchmark and print one Markdown table: what was measured, the value, its target.

    python tests/benchmarks/run.py [NAME ...]

Names are those of the scripts without ``bench_`` and ``.py``; all of them if none is given.
What scripts print beside their rows goes to standard error as it comes. It asserts nothing: a missed target is in bold.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def rows(script: Path) -> list[str]:
    """The rows that one script prints."""
    found = []
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("| "):
                found.append(line.rstrip())
            print(line, end="", file=sys.stderr, flush=True)
    broken = [f"| {script.name} | **broke off** with exit code {process.returncode} | – |"]
    return found + (broken if process.returncode else [])


def main() -> None:
    """Print the table."""
    names = sys.argv[1:]
    scripts = [HERE / f"bench_{name}.py" for name in names] if names else sorted(HERE.glob("bench_*.py"))
    table = [row for script in scripts for row in rows(script)]
    print("\n".join(["| what | measured | target |", "|---|--:|--:|", *table]))


if __name__ == "__main__":
    main()
