"""Folders of MLflow's models: which file of one is run, by what is trusted."""

from __future__ import annotations

import pytest
import yaml

from proctor.errors import DataError, Misuse
from proctor.models.flavors import model_in
from proctor.models.runnable import Versioned

PYFUNC = {"loader_module": "mlflow.sklearn", "model_path": "model.pkl"}
SKOPS = {"python_function": PYFUNC, "sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"}}
PICKLED = {"python_function": PYFUNC, "sklearn": {"pickled_model": "model.pkl"}}
BOOSTER = {"python_function": PYFUNC, "xgboost": {"data": "model.ubj", "model_format": "ubj"}}


@pytest.fixture
def saved(tmp_path):
    """Writes a folder with these flavors, the files that they name and MLflow's own notes."""

    def write(flavors, *files):
        (tmp_path / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors, "model_uuid": "4f2a"}))
        for name in (*files, "conda.yaml", "requirements.txt", "input_example.json"):
            (tmp_path / name).touch()
        return tmp_path

    return write


def chosen(folder, *trust):
    return model_in(folder, Versioned("models:/fraud@champion", trust, 9.0, "row"), "models:/fraud/7")


@pytest.mark.parametrize(
    ("flavors", "file", "trust"),
    [
        (SKOPS, "model.skops", ()),
        (SKOPS, "model.skops", ("mine.Type",)),
        (BOOSTER, "model.ubj", ()),
        ({**PICKLED, "onnx": {"data": "model.onnx"}}, "model.onnx", ()),
    ],
)
def test_model_in__file_of_data(saved, flavors, file, trust):
    """A flavor that is saved as data is run as that; MLflow's notes are no part of the model, nor is its number."""
    model = chosen(saved(flavors, file, "model.pkl"), *trust)

    assert (file, trust, 9.0, "row") == (model.model, model.trust, model.timeout, model.id)
    assert {file, "model.pkl"} == set(model.parts)
    assert "models:/fraud/7" == str(model)


def test_model_in__by_pyfunc_where_that_is_trusted(saved):
    """All of the folder is the model then: whatever of it pyfunc reads."""
    model = chosen(saved(PICKLED, "model.pkl"), "pickle")

    assert ("MLmodel", (".",)) == (model.model, model.files)


def test_model_in__code_that_is_not_trusted(saved):
    """A pickle is not loaded unasked, and the file and both ways on are named."""
    with pytest.raises(Misuse, match=r"'model\.pkl'.*any code") as caught:
        chosen(saved(PICKLED, "model.pkl"))
    assert "`trust: pickle`" in caught.value.hint


def test_model_in__pyfunc_alone(saved):
    """A model of one's own class has no file of data."""
    with pytest.raises(Misuse, match="for python_function alone"):
        chosen(saved({"python_function": PYFUNC}))


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (None, "no file 'MLmodel'"),
        ("flavors: [", "cannot be read"),
        ("\x00\xff", "cannot be read"),
        ("", "names no flavors"),
        ("flavors: {}", "names no flavors"),
        ("[1, 2]", "names no flavors"),
        ("flavors: {onnx: {data: model.onnx}}", "'model.onnx', which is not among its files"),
        ("flavors: {xgboost: {data: ../../secret.ubj}}", "for xgboost alone"),
        ("flavors: {xgboost: {data: /etc/secret.ubj}}", "for xgboost alone"),
    ],
)
def test_model_in__half_written(tmp_path, note, said):
    """What is missing is named, and no file out of the folder is taken for the model's."""
    if note is not None:
        (tmp_path / "MLmodel").write_bytes(note.encode("latin-1"))

    with pytest.raises((DataError, Misuse), match=said):
        chosen(tmp_path)


def test_model_in__without_pyfunc(saved):
    """What pyfunc is to load must have been saved for it."""
    with pytest.raises(DataError, match="without pyfunc"):
        chosen(saved({"onnx": {"data": "model.onnx"}}, "model.onnx"), "pickle")
