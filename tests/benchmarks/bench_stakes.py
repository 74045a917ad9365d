"""
What stakes from development data are worth (theory.md §4.5), with the gate's own accounts, forecasts and tests.

The long synthetic life: 10,000 examples, 200 commits, a third of them true gains of two points. And 30 published
models of CIFAR-10, half of the test images as test set and half as development set: in order of their accuracy, and
shuffled. These need the file of their predictions, `cifar10_30models.npz`, which the environment variable
`CIFAR10_MODELS` names; without it that part is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from figures import figure
from numpy.typing import NDArray

from proctor.budget import Contract, open_account
from proctor.budget.informed import DevelopmentResult
from proctor.simulation.staking import Habit, Prospect, Standing, Team, informed, live, nothing, teams
from proctor.stats.paired import p_value

LIVES = 24
SPLITS = 20
CONTRACT = Contract(0.999)


class Found(NamedTuple):
    """What came of one life."""

    improvements: int
    false: int
    bits: float


def mean_with_error(values: list[float]) -> str:
    """Mean and its standard error."""
    return f"{np.mean(values):.1f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.1f}"


def show(name: str, lives: list[Found]) -> None:
    """Print passes, wrong passes and bits of one row, with standard errors."""
    found, false, bits = ([float(each) for each in column] for column in zip(*lives, strict=True))
    print(f"  {name:<40} {mean_with_error(found):>12} improvements  {np.sum(false):.0f} wrong  ", end="")
    print(f"{mean_with_error(bits):>14} bits", flush=True)


# --- the long synthetic life -----------------------------------------------------------------------------------------


def lives_of(team: Team, prospect: Prospect) -> list[Found]:
    """Lives of a team; the same commits for every team."""
    found = (live(prospect, team, np.random.default_rng([45, number])) for number in range(LIVES))
    return [Found(each.found, len(each.false_at), each.bits) for each in found]


def synthetic() -> None:
    """Print the rows of the long synthetic life; the same commits come in each."""
    prospect = Prospect(contract=CONTRACT)
    rows = {team.name: lives_of(team, prospect) for team in teams(prospect.examples)}
    for name, lives in rows.items():
        show(name, lives)
    alone, honest, flattered = (
        np.mean([each.improvements for each in rows[name]])
        for name in ("no stakes", "informed stakes", "informed, 2 points flattered")
    )
    figure("improvements that pass in 200 commits on 10,000 examples, informed stakes / none", honest / alone, least=4)
    figure("the same, with development data 2 points too good", flattered / alone, least=2.5)
    figure("wrong passes in all of these lives", sum(each.false for lives in rows.values() for each in lives))


# --- published models ------------------------------------------------------------------------------------------------


class Half(NamedTuple):
    """Which models are right on the test examples, and on the development examples."""

    test: NDArray[np.bool_]
    development: NDArray[np.bool_]


def wins_and_losses(right: NDArray[np.bool_], new: int, old: int) -> tuple[int, int]:
    return int((right[new] & ~right[old]).sum()), int((right[old] & ~right[new]).sum())


def career(half: Half, order: NDArray[np.intp], accuracy: NDArray[np.float64], habit: Habit) -> Found:
    """Commit the models in order; each is compared with the last accepted one by the exact paired test, c = 0."""
    standing, old = Standing(open_account(CONTRACT)), int(order[0])
    passes, false, n = 0, 0, half.test.shape[1]
    for new in map(int, order[1:]):
        developed = DevelopmentResult(*wins_and_losses(half.development, new, old), half.development.shape[1], n, 0.0)
        asked = standing.asked(habit, developed if habit is informed else None)
        level = float(np.exp(asked.log_level))
        passed = p_value(*wins_and_losses(half.test, new, old), n, 0.0, level) <= level
        standing = standing.after(asked, passed)
        is_better = bool(accuracy[new] > accuracy[old])
        passes, false = passes + (passed and is_better), false + (passed and not is_better)
        old = new if passed else old
    return Found(passes, false, standing.account.leakage_bits)


def orders(accuracy: NDArray[np.float64]) -> Iterator[tuple[str, list[NDArray[np.intp]]]]:
    """The orders in which models are committed, one for each split."""
    yield "in order of accuracy", [np.argsort(accuracy)] * SPLITS
    shuffles = (np.random.default_rng([46, seed]) for seed in range(SPLITS))
    yield "shuffled", [rng.permutation(len(accuracy)) for rng in shuffles]


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> tuple[float, float]:
    """Ratio of two sums over the same splits, and its standard error to first order."""
    found = float(above.sum() / below.sum())
    return found, float(np.std(above - found * below, ddof=1) / below.mean() / np.sqrt(len(below)))


def published(file: Path) -> None:
    """Print the rows of the published models."""
    with np.load(file) as data:
        right = data["p_test"] == data["y_test"]
    accuracy = right.mean(axis=1)
    halves = []
    for seed in range(SPLITS):
        rows = np.random.default_rng([47, seed]).permutation(right.shape[1])
        middle = len(rows) // 2
        halves.append(Half(right[:, rows[:middle]], right[:, rows[middle:]]))
    for name, ordered in orders(accuracy):
        print(f"30 models of CIFAR-10, {name}, {SPLITS} splits")
        alone, staked = (
            [career(half, order, accuracy, habit) for half, order in zip(halves, ordered, strict=True)]
            for habit in (nothing, informed)
        )
        show("no stakes", alone)
        show("informed stakes", staked)
        passes = sum(each.improvements for each in staked) / sum(each.improvements for each in alone)
        bits, error = ratio(np.array([each.bits for each in staked]), np.array([each.bits for each in alone]))
        figure(f"improvements that pass, 30 models of CIFAR-10 {name}, informed stakes / none", passes, least=1)
        figure(f"bits that leak, 30 models of CIFAR-10 {name}, informed stakes / none", bits, most=0.6)
        print(f"  standard error of that share of bits: {error:.3f}")


def main() -> None:
    """Print every row beside its target."""
    synthetic()
    named = os.environ.get("CIFAR10_MODELS", "")
    if named and Path(named).is_file():
        published(Path(named))
    else:
        print("The published models are left out: CIFAR10_MODELS names no file of their predictions.")


if __name__ == "__main__":
    main()
