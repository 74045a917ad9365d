"""LightGBM: native files predict the classes that they predicted where they were made, and no code comes along."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.errors import ModelError
from proctor.models.runnable import Model

from .conftest import NUMBERS

lightgbm = pytest.importorskip("lightgbm", reason="the extra proctor[lightgbm] is not installed")

TWO, THREE = [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]
OPTIONS = {"min_data_in_leaf": 1, "min_data_in_bin": 1, "min_sum_hessian_in_leaf": 0, "verbosity": -1, "num_threads": 1}


def save(sandboxed, classes, name="model.txt", table=NUMBERS, rounds=50, **options):
    data = lightgbm.Dataset(table, classes, feature_name=options.pop("names", "auto"))
    lightgbm.train({**OPTIONS, **options}, data, rounds).save_model(sandboxed.root / name)
    return Model(name)


@pytest.mark.parametrize("name", ["model.txt", "model.lgb"])
@pytest.mark.parametrize(
    ("options", "classes"),
    [
        ({"objective": "binary"}, TWO),
        ({"objective": "multiclass", "num_class": 3}, THREE),
        ({"objective": "multiclassova", "num_class": 3}, THREE),
    ],
)
def test_classifier(sandboxed, predict, name, options, classes):
    """A booster of two classes or more gives the numbers of its classes."""
    assert classes == predict(save(sandboxed, classes, name, **options), x=NUMBERS)


def test_columns_by_name(sandboxed, predict):
    """Columns that have names are found by them."""
    model = save(sandboxed, THREE, names=["x", "y"], objective="multiclass", num_class=3)

    assert THREE == predict(model, y=NUMBERS[:, 1], other=NUMBERS[:, 0] * 7, x=NUMBERS[:, 0])


def test_no_class(sandboxed, predict):
    """A regression gives no classes, and text is no number."""
    model = save(sandboxed, np.array(TWO) + 0.3, objective="regression")

    with pytest.raises(ModelError, match="cannot be used"):
        predict(model, x=NUMBERS)
    with pytest.raises(ModelError, match="takes numbers, and the features hold text"):
        predict(model, x=NUMBERS[:, 0], y=np.array(["word"] * 6))


def test_categories(sandboxed, predict):
    """Categories of a data frame are refused: which number stands for which is not known."""
    pd = pytest.importorskip("pandas", reason="pandas, which makes this model, is not installed")
    frame = pd.DataFrame({"x": pd.Categorical(["a", "b", "c", "a", "b", "c"])})
    model = save(sandboxed, THREE, table=frame, objective="multiclass", num_class=3)

    with pytest.raises(ModelError, match="was fitted with categories"):
        predict(model, x=NUMBERS[:, 0])


def test_runs_no_code(springs):
    """A pickle under this name is not unpickled."""
    assert not springs("model.txt")
