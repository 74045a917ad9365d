"""
The populations that simulations live in: made up, or cut out of a table of real predictions.

A table is the whole population, each of its examples equally likely, and test sets are drawn from it with replacement:
then every accuracy is known exactly and the examples are independent, which is all that the guarantee asks for.
(A random split into test set and rest would compare two samples, and call a pass wrong that is not.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.simulation.worlds import Counts, World

SIZE = 10_000
"""Kinds of examples, at least: an accuracy can be set to a hundredth of a point."""
BLOCKS = 200
"""Blocks that the noise of training is made of, at most."""

_SHARES = (0.6, 0.4, 0.25, 0.15, 0.1, 0.06, 0.04, 0.02, 0.01)
_STARTS = (0.2, 0.35, 0.5, 0.7, 0.85, 0.95)
_MOST_LEAN = 0.8
_MOST_NOISE = 0.4


class Table(NamedTuple):
    """
    Predictions of real models on the same examples.

    Attributes:
        name: Name of the file.
        labels: Labels, shape (examples,).
        predictions: Predictions, shape (models, examples).
    """

    name: str
    labels: NDArray[np.generic]
    predictions: NDArray[np.generic]

    @property
    def by_accuracy(self) -> NDArray[np.intp]:
        """Models, the weakest first."""
        return np.asarray((self.predictions == self.labels).mean(axis=1).argsort(kind="stable"))


def read_table(file: Path) -> Table:
    """
    A table of predictions from a NumPy archive: arrays ``y`` (labels) and ``p`` (one row for each model).

    Where the names carry an ending (``y_test`` and ``p_test``), the first pair in the file is taken.

    Raises:
        DataError: If there is no such pair, or it does not fit together.
    """
    hint = "Save one with numpy.savez(FILE, y=labels, p=predictions), one row of predictions for each model."
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            ending = next((n[1:] for n in archive.files if n.startswith("y") and "p" + n[1:] in archive.files), None)
            if ending is None:
                raise DataError(f"{file} holds no arrays 'y' and 'p', only {', '.join(archive.files)}", hint)
            labels, predictions = archive["y" + ending], archive["p" + ending]
    except FileNotFoundError:
        raise DataError(f"there is no file {str(file)!r} of predictions", hint) from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or 'it is damaged'}", hint) from None
    except (ValueError, EOFError, BadZipFile, TypeError):  # TypeError: one array alone, as numpy.save writes it
        raise DataError(f"{file} cannot be read as a NumPy archive of plain arrays", hint) from None
    if labels.ndim != 1 or predictions.ndim != 2 or predictions.shape[1] != len(labels):
        raise DataError(f"{file}: labels of shape {labels.shape}, predictions of shape {predictions.shape}", hint)
    if len(predictions) < 2 or not len(labels):
        raise DataError(
            f"{file} holds {len(predictions)} models and {len(labels)} examples; two and one at least", hint
        )
    return Table(file.name, labels, predictions)


def climbing_worlds(n_blocks: int, lean: float, spread: float) -> Iterator[World]:
    """
    Made-up worlds for a developer who explores, the most talkative first.

    Args:
        n_blocks: Number of blocks.
        lean: Gain of accuracy that a change of one block should bring.
        spread: Standard error of a change of every example, signed as a proof goes: a block of share s leans by
            lean + 2·spread·√s.
    """
    for share in _SHARES:
        block = share * SIZE / n_blocks
        if block < 2:
            return
        gain = SIZE * (lean + 2 * spread * math.sqrt(share / n_blocks))
        gain = max(-_MOST_LEAN * block, min(_MOST_LEAN * block, gain))
        wins = np.full(n_blocks, round((block + gain) / 2), np.int64)
        losses = np.full(n_blocks, round((block - gain) / 2), np.int64)
        rungs = SIZE - int(wins.sum() + losses.sum())
        for start in _STARTS:
            yield World(wins, losses, np.zeros_like(wins), rungs, round(start * rungs))


def climbing_worlds_of(table: Table, n_blocks: int, random: np.random.Generator) -> Iterator[World]:
    """
    Worlds cut out of a table: the first model is its weakest, a block takes over what another model predicts.

    Args:
        table: The table.
        n_blocks: Number of blocks.
        random: Says which examples lie in which block.
    """
    first, *others = table.by_accuracy.tolist()
    order = random.permutation(len(table.labels))
    was, label = table.predictions[first], table.labels
    for share in (0.9, *_SHARES):
        chosen = order[: round(share * len(order))]
        wins, losses, neutral = np.zeros((3, n_blocks), np.int64)
        on_ladder = np.ones(len(order), np.bool_)
        for block, rows in enumerate(np.array_split(chosen, n_blocks)):
            now = table.predictions[others[block % len(others)]]
            moved = rows[now[rows] != was[rows]]
            on_ladder[moved] = False
            wins[block] = np.count_nonzero(now[moved] == label[moved])
            losses[block] = np.count_nonzero(was[moved] == label[moved])
            neutral[block] = len(moved) - wins[block] - losses[block]
        start = int(np.count_nonzero(on_ladder & (was == label)))
        yield _refined(wins, losses, neutral, int(on_ladder.sum()), start)


def noisy_world(disagreement: float, accuracy: float) -> tuple[World, float]:
    """
    A made-up world where training is noisy, and the probability with which a run changes a block.

    Args:
        disagreement: Share of the predictions on which two runs of the same training differ.
        accuracy: Accuracy of every run.
    """
    disagreement = min(disagreement, _MOST_NOISE)
    share = max(2 * disagreement, min(0.5, 4 * disagreement))
    half = max(1, round(share * SIZE / 2))
    blocks = min(BLOCKS, half)
    wins = np.full(blocks, half // blocks, np.int64)
    rungs = SIZE - 2 * int(wins.sum())
    start = int(np.clip(round(accuracy * SIZE) - int(wins.sum()), 0, rungs))
    return World(wins, wins, np.zeros_like(wins), rungs, start), _noise(disagreement, 2 * wins.sum() / SIZE)


def noisy_world_of(table: Table, disagreement: float) -> tuple[World, float]:
    """
    The same, cut out of a table: blocks of as many examples that the best model wins over the median one as it loses.

    Args:
        table: The table.
        disagreement: Share of the predictions on which two runs differ; as much of it as the table has.
    """
    models = table.by_accuracy
    was, now, label = table.predictions[models[len(models) // 2 - 1]], table.predictions[models[-1]], table.labels
    wins = int(np.count_nonzero((now == label) & (was != label)))
    losses = int(np.count_nonzero((now != label) & (was == label)))
    size = len(label)
    pairs = min(wins, losses, max(1, round(2 * min(disagreement, _MOST_NOISE) * size)))
    if pairs == 0:
        raise DataError(f"in {table.name} the best model never errs where the median one is right: no noise to play")
    blocks = min(BLOCKS, pairs)
    even = np.full(blocks, pairs // blocks, np.int64)
    rungs = size - 2 * int(even.sum())
    start = int(np.count_nonzero(was == label)) - int(even.sum())
    world = _refined(even, even, np.zeros_like(even), rungs, start)
    return world, _noise(disagreement, 2 * int(even.sum()) / size)


def _noise(disagreement: float, share: float) -> float:
    """Probability π of changing a block, such that two runs differ on 2π(1 − π) of the blocks' *share*."""
    return (1 - math.sqrt(max(0.0, 1 - 2 * disagreement / share))) / 2


def _refined(wins: Counts, losses: Counts, neutral: Counts, rungs: int, start: int) -> World:
    """A population of small size with every example counted several times: the same shares, finer steps."""
    copies = -(-SIZE // (int(wins.sum() + losses.sum() + neutral.sum()) + rungs))
    return World(copies * wins, copies * losses, copies * neutral, copies * rungs, copies * start)
