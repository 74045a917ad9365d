"""Checks of rankings: what is kept of an accepted one is what the next is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.errors import DataError, GateFileError
from proctor.release import Verdict

from .project import LABELS, N_EXAMPLES, Project

ASKED = {"condition": "topk(n, 2) - topk(o, 2) > 0.1 +/- 0.1", "baseline": None}


def ranked(project: Project, name: str, n_wrong: int) -> None:
    """A file of rankings whose second class is right, but in its first *n_wrong* rows."""
    second = np.where(np.arange(N_EXAMPLES) < n_wrong, (LABELS + 5) % 10, LABELS)
    rows = [f"e{i},{(label + 1) % 10}|{two}|7\n" for i, (label, two) in enumerate(zip(LABELS, second, strict=True))]
    (project.root / name).write_text("id,prediction\n" + "".join(rows))


def test_check__compares_rankings_with_those_that_were_accepted(project: Project) -> None:
    """The first is accepted unjudged; the second is better, the third is not."""
    for name, n_wrong in (("first.csv", 200), ("second.csv", 20), ("third.csv", 19)):
        ranked(project, name, n_wrong)

    verdicts = [
        project.gate(**ASKED, candidate={"predictions": name}).check().verdict
        for name in ("first.csv", "second.csv", "third.csv")
    ]

    assert [Verdict.PASS, Verdict.PASS, Verdict.FAIL] == verdicts
    assert ["registration", "adoption", "evaluation", "evaluation"] == project.kinds()


def test_check__the_floor_is_that_of_the_first_classes(project: Project) -> None:
    """Where the second class is right, one class is not enough."""
    ranked(project, "new.csv", 20)

    floors = {f"topk(n, {k}) > 0.8 +/- 0.05": k for k in (1, 2)}
    found = {
        k: project.gate(condition=text, baseline=None, first="judge").check().verdict for text, k in floors.items()
    }

    assert {1: Verdict.FAIL, 2: Verdict.PASS} == found


def test_check__what_is_not_declared_or_no_ranking(project: Project) -> None:
    ranked(project, "new.csv", 20)
    declared = {"labels": "labels.csv", "classes": [str(each) for each in range(10)]}
    floor = {"condition": "topk(n, 2) > 0.8 +/- 0.05", "baseline": None, "first": "judge"}

    rankings = (project.root / "new.csv").read_text()
    (project.root / "new.csv").write_text(rankings.removesuffix("7\n") + "77\n")
    with pytest.raises(DataError, match="predicts 1 class that is not declared: '77'"):
        project.gate(**floor, testset=declared).check()
    (project.root / "new.csv").write_text("id,prediction\n" + "".join(f"e{i},0.3|0.7\n" for i in range(N_EXAMPLES)))
    with pytest.raises(DataError, match="is not a ranking of classes"):
        project.gate(**floor).check()
    with pytest.raises(GateFileError, match="`repeats: average` goes with numbers"):
        project.gate(**floor, testset={"labels": "labels.csv", "repeats": "average"}).check()
