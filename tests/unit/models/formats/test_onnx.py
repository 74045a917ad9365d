"""ONNX: graphs of scikit-learn and of networks predict as they did where they were made, and no code comes along."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.errors import ModelError
from proctor.models.runnable import Model

from .conftest import NUMBERS

pytest.importorskip("onnxruntime", reason="the extra proctor[onnx] is not installed")
onnx = pytest.importorskip("onnx", reason="the package onnx, which makes models for these tests, is not installed")
helper = onnx.helper


def save(sandboxed, nodes, inputs, output, domain=""):
    """Save a graph of *nodes* from *inputs* to *output*, each a name, a type and a shape."""
    values = [helper.make_tensor_value_info(*each) for each in (*inputs, output)]
    graph = helper.make_graph(nodes, "graph", values[:-1], values[-1:])
    opsets = [helper.make_opsetid("", 13), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), sandboxed.root / "model.onnx")
    return Model("model.onnx")


@pytest.mark.parametrize("classes", [[3, 4, 5, 3, 4, 5], ["a", "b", "c", "a", "b", "c"]])
def test_scikit_learn(sandboxed, predict, classes):
    """A classifier of scikit-learn gives the classes that it gave before it was converted."""
    convert = pytest.importorskip("skl2onnx", reason="the package skl2onnx, which makes this model, is not installed")
    from sklearn.tree import DecisionTreeClassifier

    estimator = DecisionTreeClassifier(random_state=0).fit(NUMBERS, classes)
    graph = convert.to_onnx(estimator, NUMBERS[:1].astype(np.float32), options={"zipmap": False})
    (sandboxed.root / "tree.onnx").write_bytes(graph.SerializeToString())

    assert classes == predict(Model("tree.onnx"), x=NUMBERS)


def test_network(sandboxed, predict):
    """Of a network's scores, the place of the best is the class; images stay images."""
    nodes = [helper.make_node("ReduceMax", ["images"], ["scores"], axes=[2], keepdims=0)]
    model = save(sandboxed, nodes, [("images", onnx.TensorProto.FLOAT, [None, 3, 2])], ("scores", 1, [None, 3]))
    images = np.zeros((2, 3, 2))
    images[0, 2, 1] = images[1, 1, 0] = 1

    assert [2, 1] == predict(model, images=images)


def test_columns_by_name(sandboxed, predict):
    """Each of several inputs takes the column of its name, whatever the order of the file, in its own type."""
    nodes = [
        helper.make_node("Cast", ["x"], ["whole"], to=onnx.TensorProto.INT64),
        helper.make_node("Sub", ["y", "whole"], ["prediction"]),
    ]
    inputs = [("x", onnx.TensorProto.FLOAT, [None, 1]), ("y", onnx.TensorProto.INT64, [None, 1])]
    model = save(sandboxed, nodes, inputs, ("prediction", onnx.TensorProto.INT64, [None, 1]))

    assert [10, 20] == predict(model, y=np.array([11, 22]), other=np.array([7, 7]), x=np.array([1.0, 2.0]))


def test_text(sandboxed, predict):
    """A single column of text is given as text."""
    nodes = [helper.make_node("Identity", ["text"], ["prediction"])]
    string = onnx.TensorProto.STRING

    model = save(sandboxed, nodes, [("text", string, [None])], ("prediction", string, [None]))

    assert ["up", "down"] == predict(model, text=np.array(["up", "down"]))


def test_text_for_numbers(sandboxed, predict):
    """Text where the model takes numbers is named."""
    nodes = [helper.make_node("Identity", ["x"], ["prediction"])]
    model = save(sandboxed, nodes, [("x", 1, [None, 1])], ("prediction", 1, [None, 1]))

    with pytest.raises(ModelError, match="takes numbers as 'x', and the features hold text"):
        predict(model, x=np.array(["up", "down"]))


def test_no_class(sandboxed, predict):
    """One score for each example is no class."""
    nodes = [helper.make_node("Identity", ["x"], ["prediction"])]
    model = save(sandboxed, nodes, [("x", 1, [None, 1])], ("prediction", 1, [None, 1]))

    with pytest.raises(ModelError, match="cannot be used"):
        predict(model, x=np.array([0.25, 0.75]))


def test_runs_no_code(sandboxed, predict, springs):
    """A pickle under this name is not unpickled; operators of a library of their own are unknown."""
    assert not springs("model.onnx")
    nodes = [helper.make_node("Spring", ["x"], ["prediction"], domain="trap")]
    model = save(sandboxed, nodes, [("x", 1, [None, 1])], ("prediction", 1, [None, 1]), domain="trap")
    with pytest.raises(ModelError, match="Spring"):
        predict(model, x=np.array([1.0]))


def test_module_of_the_project(sandboxed, predict):
    """A file of the project that is called like the library is not run in its place."""
    (sandboxed.root / "onnxruntime.py").write_text("import os; os.mkdir(os.path.expanduser('~/sprung'))")
    (sandboxed.root / "model.onnx").write_bytes(b"no model")

    with pytest.raises(ModelError):
        predict(Model("model.onnx", files=("onnxruntime.py",)), x=NUMBERS)
    assert not (sandboxed.folder / "home" / "sprung").exists()
