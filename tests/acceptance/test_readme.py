"""What the README shows is what happens: its gate file, its report, its library calls, its table of attacks."""

from __future__ import annotations

import doctest
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

README = PROJECT / "README.md"
REPORT = re.compile(r"(?s)(?<=```\n\$ proctor check\n).*?(?=```)")
HEAD = re.compile(r"(?<=head )[0-9a-f]{8}")


def candidates(n_examples: int) -> Iterator[range]:
    """Rows that each model of a small team gets wrong: two are real improvements, most make no difference."""
    wrong = n_examples * 15 // 100
    for step in range(9):
        wrong -= n_examples * 4 // 100 if step in (3, 8) else 0
        yield range(step, wrong + step)


@pytest.mark.slow
def test_readme__report_of_a_check(workshop):
    """The README's gate file gives the README's report, at the ninth commit; PROCTOR_WRITE_README=1 writes it."""
    text = README.read_text("utf-8")
    workshop.testset(12_000)
    (workshop.root / "proctor.yml").write_text(re.search(r"(?s)(?<=```yaml\n).*?(?=```)", text)[0], "utf-8")
    for wrong in candidates(12_000):
        shown = workshop.predictions("new.csv", wrong).proctor("check")
    if os.environ.get("PROCTOR_WRITE_README"):
        README.write_text(REPORT.sub(lambda _: shown.out.rstrip() + "\n", text), "utf-8")

    found = REPORT.search(README.read_text("utf-8"))

    assert 0 == shown.code, shown.err
    assert found is not None
    assert HEAD.sub("…", shown.out.rstrip()) == HEAD.sub("…", found[0].rstrip())


def test_readme__library():
    """The calls of the README give what stands below them."""
    code = re.search(r"(?s)(?<=```python\n).*?(?=```)", README.read_text("utf-8"))
    assert code is not None

    example = doctest.DocTestParser().get_doctest(code[0], {}, "README", str(README), 0)
    done = doctest.DocTestRunner().run(example)

    assert (0, 4) == (done.failed, done.attempted)


@pytest.mark.slow
def test_readme__table_of_attacks(workshop):
    """The shares of lives with a wrong pass are those that `proctor simulate` prints."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([\d.]+) % \|$", README.read_text("utf-8"), re.MULTILINE)

    played = json.loads(workshop.proctor("simulate", "--json").out)

    shares = {gate["gate"]: f"{100 * gate['false_share']:.3g}" for gate in played["gates"]}
    assert 4 == len(rows)
    assert dict(rows).items() <= shares.items()
    assert (32, 2_000, 200) == (played["steps"], played["examples"], played["repetitions"])
