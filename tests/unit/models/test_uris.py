"""URIs of models that MLflow keeps: what each names, and what names none."""

from __future__ import annotations

import pytest

from proctor.errors import Misuse
from proctor.models.uris import ModelAlias, ModelVersion, RunModel, is_uri, parse


@pytest.mark.parametrize(
    ("uri", "model"),
    [
        ("models:/fraud/7", ModelVersion("fraud", "7")),
        ("models:/fraud@champion", ModelAlias("fraud", "champion")),
        ("models:/fraud detection/12", ModelVersion("fraud detection", "12")),
        ("runs:/4f2a9c/model", RunModel("4f2a9c", "model")),
        ("runs:/4f2a9c/deep/model/", RunModel("4f2a9c", "deep/model")),
    ],
)
def test_parse(uri, model):
    """A version by number or alias, or a model of a run; each is written as it was read."""
    assert model == parse(uri)
    assert uri.rstrip("/") == str(model)
    assert is_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "models:/fraud", "models:/fraud/", "models:/fraud/latest", "models:/fraud@", "models:/fraud/7@champion",
        "models://server/fraud/7", "models:fraud/7", "models:/fraud/-1", "runs:/4f2a", "runs:/4f2a/", "runs://a/b/c",
        "models:/fraud/7\n", "",
    ],
)  # fmt: skip
def test_parse__refuses(uri):
    """What names no version is quoted, and the three ways are shown."""
    with pytest.raises(Misuse, match="names no version") as caught:
        parse(uri)
    assert "models:/fraud@challenger" in caught.value.hint


@pytest.mark.parametrize("path", ["model.onnx", "models/fraud.onnx", "runs/1/model.skops", "./models:/fraud/7"])
def test_is_uri__of_a_path(path):
    """A path of a file is none, wherever it leads."""
    assert not is_uri(path)
