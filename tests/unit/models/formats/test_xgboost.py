"""XGBoost: native files predict the classes that they predicted where they were made, and no code comes along."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.errors import ModelError
from proctor.models.runnable import Model

from .conftest import NUMBERS

xgboost = pytest.importorskip("xgboost", reason="the extra proctor[xgboost] is not installed")

TWO, THREE = [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]
OPTIONS = {"n_estimators": 20, "min_child_weight": 0, "n_jobs": 1}


@pytest.mark.parametrize("suffix", [".ubj", ".json"])
@pytest.mark.parametrize("classes", [TWO, THREE])
def test_classifier(sandboxed, predict, suffix, classes):
    """A classifier of two classes or more gives the numbers of its classes."""
    xgboost.XGBClassifier(**OPTIONS).fit(NUMBERS, classes).save_model(sandboxed.root / f"model{suffix}")

    assert classes == predict(Model(f"model{suffix}"), x=NUMBERS)


@pytest.mark.parametrize(
    ("objective", "classes"),
    [("binary:hinge", TWO), ("binary:logitraw", TWO), ("multi:softmax", THREE), ("multi:softprob", THREE)],
)
def test_objectives(sandboxed, predict, objective, classes):
    """Whatever a booster of classes puts out, the class is what is predicted."""
    several = {"num_class": 3} if objective.startswith("multi") else {}
    options = {"objective": objective, "min_child_weight": 0, "base_score": 0.5, **several}
    booster = xgboost.train(options, xgboost.DMatrix(NUMBERS, classes), 20)
    booster.save_model(sandboxed.root / "model.ubj")

    assert classes == predict(Model("model.ubj"), x=NUMBERS)


def test_columns_by_name(sandboxed, predict):
    """Columns that have names are found by them."""
    table = xgboost.DMatrix(NUMBERS, THREE, feature_names=["x", "y"])
    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3, "min_child_weight": 0}, table, 20)
    booster.save_model(sandboxed.root / "model.ubj")

    assert THREE == predict(Model("model.ubj"), y=NUMBERS[:, 1], other=NUMBERS[:, 0] * 7, x=NUMBERS[:, 0])


def test_no_class(sandboxed, predict):
    """A regression gives no classes, and text is no number."""
    xgboost.XGBRegressor(**OPTIONS).fit(NUMBERS, np.array(TWO) + 0.3).save_model(sandboxed.root / "model.ubj")

    with pytest.raises(ModelError, match="cannot be used"):
        predict(Model("model.ubj"), x=NUMBERS)
    with pytest.raises(ModelError, match="takes numbers, and the features hold text"):
        predict(Model("model.ubj"), x=NUMBERS[:, 0], y=np.array(["word"] * 6))


def test_categories(sandboxed, predict):
    """Categories of a data frame are refused: which number stands for which is not known."""
    pd = pytest.importorskip("pandas", reason="pandas, which makes this model, is not installed")
    frame = pd.DataFrame({"x": pd.Categorical(["a", "b", "c", "a", "b", "c"])})
    xgboost.XGBClassifier(**OPTIONS, enable_categorical=True).fit(frame, THREE).save_model(sandboxed.root / "model.ubj")

    with pytest.raises(ModelError, match="was fitted with categories"):
        predict(Model("model.ubj"), x=NUMBERS[:, 0])


@pytest.mark.parametrize("suffix", [".ubj", ".json"])
def test_runs_no_code(springs, suffix):
    """A pickle under this name is not unpickled."""
    assert not springs(f"model{suffix}")
