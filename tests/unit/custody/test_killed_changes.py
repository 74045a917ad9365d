"""Owners' commands that are killed while they change a test set: the same command again completes what was recorded."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from gate.project import N_EXAMPLES, Project

from proctor.custody import changes
from proctor.custody.changes import Attempt, Change
from proctor.custody.dropping import Oldest, drop
from proctor.custody.extension import extend
from proctor.errors import DataError
from proctor.gate.registry import Registry
from proctor.ledger import Ledger, verify
from proctor.ledger.records import Dropped, Extended
from proctor.testset import sealing

POINTS = [
    (Ledger, "append", 1, "before"),
    (Ledger, "append", 1, "after"),
    (changes, "put_in_place", 1, "before"),
    (changes, "put_in_place", 1, "after"),
    (changes, "put_in_place", 2, "after"),
]
"""Calls before or after which the process is killed."""


def grow(project: Project) -> Change[Extended]:
    for name, column in (("more.csv", "label"), ("more-x.csv", "x")):
        with (project.root / name).open("w", newline="") as file:
            rows = ((f"e{i}", i if column == "x" else i % 10) for i in range(N_EXAMPLES, N_EXAMPLES + 100))
            csv.writer(file).writerows([("id", column), *rows])
    return extend(project.session(), [project.root / "more.csv"], [project.root / "more-x.csv"], "those of March")


def shrink(project: Project) -> Change[Dropped]:
    return drop(project.session(), Oldest(100), "a year old")


def dies_at(act: Callable[[], Any], where: Any, name: str, count: int, when: str) -> bool:
    """True if a process of its own that does *act* is killed before or after this call."""
    child = os.fork()
    if not child:
        try:
            real, calls = getattr(where, name), []

            def dying(*arguments: Any, **named: Any) -> Any:
                calls.append(name)
                if len(calls) == count and when == "before":
                    os.kill(os.getpid(), signal.SIGKILL)
                value = real(*arguments, **named)
                if len(calls) == count:
                    os.kill(os.getpid(), signal.SIGKILL)
                return value

            setattr(where, name, dying)
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


CASES = [
    *((grow, Extended, 500, point) for point in (*POINTS, (Registry, "write", 1, "before"))),
    *(
        (shrink, Dropped, 300, point) for point in (*POINTS, (Registry, "settle", 3, "before"))
    ),  # it was read twice by then
]


@pytest.mark.parametrize(("act", "kind", "n_after", "point"), CASES)
def test_change__killed(project, act, kind, n_after, point):
    """
    Sealed labels and features in the open are each whole, of before or of after; the change is recorded once.

    Until it is completed nothing is judged: the files of before are refused by name.
    """
    project.features().sealed().check()

    assert dies_at(lambda: act(project), *point)

    is_whole = point[1:] == ("put_in_place", 2, "after")
    is_recorded, is_done = point != POINTS[0], point == POINTS[-1]
    assert is_recorded == bool(project.records(kind))
    assert () == verify(project.entries(), key=project.session().owner_key.ledger_key)
    assert len(rows_of(project)) in (N_EXAMPLES, n_after)
    if is_recorded and not is_done:
        with pytest.raises(DataError, match=f"to {n_after} in entry"):
            project.check()
    if not (is_done and act is shrink):  # done, the same command would drop as many more
        done = act(project)
        expected = (Attempt.REPEATED if is_whole else Attempt.COMPLETING) if is_recorded else Attempt.FIRST
        assert (expected, n_after) == (done.attempt, done.record.n_examples)
    assert 1 == len(project.records(kind))
    assert n_after == len(rows_of(project)) == project.session().testset.n_examples


def rows_of(project: Project) -> list[str]:
    """Rows of the sealed labels."""
    key = project.session().owner_key.key
    return sealing.open_file(project.root / "labels.csv.sealed", key, sealing.LABELS).decode().splitlines()[1:]
