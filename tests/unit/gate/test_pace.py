"""Work on what is hidden lasts a whole number of steps, whatever becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from proctor.gate.pace import judging_s, lasting, run_s, time_of
from proctor.gatefile import Inputs, Labeling
from proctor.ledger.records import Adopted, Notified, Origin, Pending
from proctor.ledger.submissions import Submission
from proctor.runtime import Runtime


@dataclass
class Clock:
    """A clock that goes on only when somebody works or waits."""

    seconds: float = 100.0

    def read(self) -> float:
        return self.seconds

    def go_on(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def runtime(self) -> Runtime:
        return Runtime({}, clock=self.read, pause=self.go_on)


@pytest.mark.parametrize(("worked_s", "steps"), [(0.0, 1), (0.1, 1), (4.9, 1), (5.0, 1), (5.1, 2), (14.0, 3)])
def test_lasting__ends_with_a_step(worked_s: float, steps: int):
    """Work goes on only at the end of a step, and of no other than the one it ended in."""
    clock = Clock()

    with lasting(5.0, clock.runtime) as lasted:
        clock.go_on(worked_s)

    assert (100.0 + 5.0 * steps, steps) == (clock.seconds, lasted.steps)


def test_lasting__error_waits_too():
    """Work that fails early is not told from work that ends well."""
    clock = Clock()

    with pytest.raises(ValueError, match="early"), lasting(5.0, clock.runtime) as lasted:
        raise ValueError("early")

    assert (105.0, 1) == (clock.seconds, lasted.steps)


def test_lasting__interruption_is_not_held_up():
    """Ctrl-C ends the gate at once: nothing is released then."""
    clock = Clock()

    with pytest.raises(KeyboardInterrupt), lasting(5.0, clock.runtime):
        raise KeyboardInterrupt

    assert 100.0 == clock.seconds


def test_default_slot__ends_within_a_minute():
    """A candidate and a baseline that has to be run again on 10,000 sealed examples are judged within a minute."""
    assert 2 * run_s(20.0, 10_000) + judging_s(Inputs.SEALED, 10_000, 3) < 60


def test_judging_s__grows_with_the_clauses():
    """Each clause is judged in a time of its own, and the counts say how many are: the step has room for all."""
    one, three = (judging_s(Inputs.OPEN, 2_000, n_clauses) for n_clauses in (1, 3))

    assert 3 * one == pytest.approx(three)


@pytest.mark.parametrize("now", ["2026-11-23T21:43:07+00:00", "2026-11-23T21:43:07.123+00:00"])
def test_time_of__is_coarse_where_it_would_tell(now: str):
    """An evaluation that begins on sealed inputs carries its minute; other entries, and open inputs, the second."""
    model, origin = Submission("0" * 64, "m"), Origin("gate", "1")
    pending = Pending(
        testset="f",
        condition="n > 0",
        candidate=model,
        baseline=None,
        stakes=None,
        log_level=-1.0,
        bound="exact",
        origin=origin,
    )  # type: ignore[arg-type]  # not looked at

    assert "2026-11-23T21:43:00+00:00" == time_of(pending, now, Inputs.SEALED)
    assert now == time_of(pending, now, Inputs.OPEN)
    assert now == time_of(Notified("f", "mail", "spent", origin), now, Inputs.SEALED)
    assert now == time_of(Adopted("f", "n > 0", model, origin), now, Inputs.SEALED)


def test_runtime__carry_seconds():
    """No entry, of whatever kind, carries fractions of a second."""
    assert "." not in Runtime({}).now()


def test_judging_s__labels_read_in_order():
    """They have more room than labels that are counted, for every clause; on sealed inputs there is no such reading."""
    counted, in_order = (judging_s(Inputs.OPEN, 10_000, 2, each) for each in (Labeling.ALL, Labeling.SEQUENTIAL))
    assert in_order == pytest.approx(10 * counted)
    assert in_order == pytest.approx(2 * judging_s(Inputs.OPEN, 10_000, 1, Labeling.SEQUENTIAL))
