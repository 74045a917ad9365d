"""One gate, one developer, many lives of a test set: commits are judged one after the other, and what came out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proctor.budget import SPENT, Mode
from proctor.frozen import dataclass
from proctor.methods.sizing import Progress
from proctor.reports.simulation import Tally
from proctor.simulation.decisions import Booleans, Examiner, Floats, holds
from proctor.simulation.developers import Developer
from proctor.simulation.gates import Accounted, Comparison, Gate, GateAccounts
from proctor.simulation.worlds import Contest, Counts, Models, SimulatedSets, World, accuracy
from proctor.stats import binomial

_MISS = 0.025


class Setting(NamedTuple):
    """
    Setting that all gates of a simulation share.

    Attributes:
        world: Where the models live.
        testset: One test set for each life; every gate gets the same ones.
        examiner: Decides the condition.
        steps: Commits in a life.
        baseline_moves: True if an accepted candidate becomes the baseline.
    """

    world: World
    testset: SimulatedSets
    examiner: Examiner
    steps: int
    baseline_moves: bool = True

    @property
    def lives(self) -> int:
        """Number of lives."""
        return len(self.testset.wins)


@dataclass
class _Record:
    """Record of each life, as it goes on."""

    false: Booleans
    commits: Counts
    passes: Counts
    accepted: Models


def live(setting: Setting, gate: Gate, developer: Developer, progress: Progress | None = None) -> Tally:
    """
    Let a developer commit to one gate, in many lives.

    Args:
        setting: World, test sets, condition.
        gate: Sets the levels.
        developer: Commits.
        progress: Told the share that is done.

    Returns:
        What came out, counted.
    """
    first = setting.world.first_models(setting.lives)
    baseline = developer.begin(first)
    contest = Contest(baseline, baseline, first)
    accounts = GateAccounts(gate, setting.lives, setting.examiner.mode)
    zeros = np.zeros(setting.lives, np.int64)
    record = _Record(zeros > 0, zeros.copy(), zeros.copy(), baseline)
    false_by_commit: list[int] = []
    for step in range(setting.steps):
        contest = _step(setting, developer, step, contest, accounts, record)
        false_by_commit.append(int(record.false.sum()))
        if progress is not None:
            progress((step + 1) / setting.steps)
    return _tally(setting, accounts, record, first, tuple(false_by_commit))


def _step(
    setting: Setting, developer: Developer, step: int, contest: Contest, accounts: GateAccounts, record: _Record
) -> Contest:
    """One commit in every life whose test set is not spent."""
    log_levels = accounts.log_levels()
    is_open = log_levels > SPENT
    lives = np.flatnonzero(is_open)
    if not len(lives):
        return contest
    contest = developer.commit(step, contest, np.where(is_open, log_levels, -1.0))
    proven = np.zeros(setting.lives, np.bool_)
    proven[lives] = _decide(setting, accounts.gate, contest.take(lives), setting.testset.take(lives), log_levels[lives])
    accounts.record(lives, proven[lives])
    is_fp_free = setting.examiner.mode is Mode.FP_FREE
    is_true = holds(setting.examiner.formula, setting.world.population().events(contest))
    record.false |= is_open & proven & (is_true != is_fp_free)
    record.commits += is_open
    passed = is_open & (proven == is_fp_free)
    record.passes += passed
    if isinstance(accounts.gate, Accounted) and not accounts.gate.tells:
        passed = is_open
    else:
        developer.learn(step, contest, proven, is_open)
    record.accepted = contest.candidate.where(passed, record.accepted)
    if setting.baseline_moves:
        return Contest(contest.candidate, contest.candidate.where(passed, contest.baseline), contest.anchor)
    return contest


def _decide(setting: Setting, gate: Gate, contest: Contest, testset: SimulatedSets, log_levels: Floats) -> Booleans:
    if isinstance(gate, Comparison):
        is_fp_free = setting.examiner.mode is Mode.FP_FREE
        return np.asarray(holds(setting.examiner.formula, testset.events(contest)) == is_fp_free)
    return setting.examiner.proves(testset, contest, log_levels)


def _tally(
    setting: Setting, accounts: GateAccounts, record: _Record, first: Models, false_by_commit: tuple[int, ...]
) -> Tally:
    lives, false = setting.lives, int(record.false.sum())
    population = setting.world.population()
    shown, true = accuracy(setting.testset, record.accepted), accuracy(population, record.accepted)
    return Tally(
        gate=accounts.gate.name,
        condition="",
        is_ours=isinstance(accounts.gate, Accounted),
        lives=lives,
        false_lives=false,
        interval=(binomial.lower_bound(false, lives, _MISS), binomial.upper_bound(false, lives, _MISS)),
        commits=float(record.commits.mean()),
        passes=float(record.passes.mean()),
        leakage_bits=float(accounts.leakage_bits().mean()),
        overestimate=float((shown - true).mean()),
        gain=float((true - accuracy(population, first)).mean()),
        false_by_commit=false_by_commit,
    )
