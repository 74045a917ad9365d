"""Samples of one population, and of two."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from proctor.predictions import Source
from proctor.testset import ExampleFiles, TestSet, load
from proctor.testset.likeness import told, unlike


def examples(folder: Path, name: str, **columns: object) -> TestSet:
    """A test set with these features."""
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return load(ExampleFiles(Source(path), Source(path)))


def drawn(folder: Path, name: str, rng: np.random.Generator, n: int, shift: float = 0.0, share: float = 0.3) -> TestSet:
    words = np.where(rng.random(n) < share, "cat", "dog")
    return examples(folder, name, x=rng.normal(size=n) + shift, word=words, number=rng.permutation(n))


def test_unlike__drawn_alike(tmp_path):
    """In 50 pairs there is no false alarm, of which one has a chance of 1 in 10,000 a pair at most."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        pair = [drawn(tmp_path, name, rng, int(rng.integers(20, 500))) for name in ("one", "two")]
        assert () == unlike(*pair)


@pytest.mark.parametrize(
    ("how", "column"), [({"shift": 0.5}, "'x' is at most"), ({"share": 0.6}, "'word' is '")], ids=str
)
def test_unlike__drawn_otherwise(tmp_path, how, column):
    """A shift of half a standard deviation, and twice as many of a word, are found; row numbers are passed over."""
    rng = np.random.default_rng(2)
    one, two = drawn(tmp_path, "one", rng, 600), drawn(tmp_path, "two", rng, 900, **how)

    for found in (unlike(one, two), unlike(two, one)):
        assert 1 == len(found)
        assert told(found).startswith(column)


def test_unlike__says_by_what(tmp_path):
    """The shares are those of the two samples, in their order; how many differ is said."""
    one = examples(tmp_path, "one", a=["yes"] * 90 + ["no"] * 10, b=["u"] * 100)
    two = examples(tmp_path, "two", a=["yes"] * 10 + ["no"] * 90, b=["v"] * 100)

    found = unlike(one, two)

    assert "'a' is 'yes' in 90 % and 10 % (features that differ: 2)" == told(found)


def test_unlike__nothing_in_common(tmp_path):
    """Without a feature that both have there is nothing to compare."""
    assert () == unlike(examples(tmp_path, "one", a=[1, 2, 2]), examples(tmp_path, "two", b=[7, 7, 8]))
