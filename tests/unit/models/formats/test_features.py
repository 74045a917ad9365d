"""The form in which a model is given its features."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from proctor.errors import ProctorError
from proctor.models.formats.features import features_for
from proctor.predictions.tables import Source, Table

ANY = SimpleNamespace()


def table(**columns):
    return Table(columns, len(next(iter(columns.values()))), Source(Path("features.csv")))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"id": ["a", "b"], "x": ["1", "2"], "w": ["3", "4.5"]}, [[1, 3], [2, 4.5]]),
        ({"x": ["1", ""]}, [[1], [np.nan]]),
        ({"x": [1.5, None]}, [[1.5], [np.nan]]),
        ({"x": np.array([[1, 2], [3, 4]])}, [[1, 2], [3, 4]]),
        ({"x": np.array([[1, 2], [3, 4]]), "w": np.array([5, 6])}, [[1, 2, 5], [3, 4, 6]]),
    ],
)
def test_features_for__numbers(columns, expected):
    """Numbers come as one array, in the order of the file, without the ids; an empty cell is NaN."""
    np.testing.assert_array_equal(
        np.array(expected, float), np.asarray(features_for(ANY, table(**columns), "id"), float)
    )


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index", "__index_level_0__"])
def test_features_for__index(name):
    """The row numbers that pandas saves are no feature, unless the estimator was fitted with as many columns."""
    columns = {name: ["7", "8"], "id": ["a", "b"], "x": ["1", "2"]}

    assert [[1], [2]] == features_for(ANY, table(**columns), "id").tolist()
    assert [[7, 1], [8, 2]] == features_for(SimpleNamespace(n_features_in_=2), table(**columns), "id").tolist()


def test_features_for__keeps_more_dimensions():
    """A single array of images stays as it is."""
    images = np.zeros((3, 8, 8))

    assert images is features_for(ANY, table(id=["a", "b", "c"], x=images), "id")


def test_features_for__texts():
    """A single column of text comes as texts; text beside numbers as objects."""
    assert ["one", "two"] == features_for(ANY, table(x=["one", "two"]), "id")
    assert [["one", 1], ["two", 2]] == features_for(ANY, table(x=["one", "two"], w=["1", "2"]), "id").tolist()


def test_features_for__by_name():
    """An estimator that knows names gets those columns, in its own order."""
    estimator = SimpleNamespace(feature_names_in_=np.array(["w", "x"]))

    found = features_for(estimator, table(x=["1", "2"], other=["5", "6"], w=["3", "4"]), "id")

    assert [[3, 1], [4, 2]] == np.asarray(found).tolist()
    with pytest.raises(ProctorError, match="have no column 'w'"):
        features_for(estimator, table(x=["1"]), "id")
