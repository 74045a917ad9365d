"""skops: estimators of scikit-learn predict as they did, and only declared types beside those that skops knows."""

from __future__ import annotations

import functools

import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from proctor.errors import Misuse, ModelError
from proctor.models.runnable import Model

from .conftest import NUMBERS

io = pytest.importorskip("skops.io", reason="the extra proctor[skops] is not installed")

CLASSES = ["a", "b", "c", "a", "b", "c"]
EXECUTES = "import os; os.mkdir(os.path.expanduser('~/sprung'))"


def save(sandboxed, *steps):
    io.dump(
        make_pipeline(*steps, KNeighborsClassifier(1, algorithm="brute")).fit(NUMBERS, CLASSES),
        sandboxed.root / "m.skops",
    )


def test_scikit_learn(sandboxed, predict):
    """A pipeline gives the classes that it gave before it was saved; nothing has to be trusted."""
    save(sandboxed, StandardScaler())

    assert CLASSES == predict(Model("m.skops"), x=NUMBERS)


OWN = "import numpy as np\n\ndef double(values):\n    return values * 2\n"


def test_declared_types(sandboxed, predict, monkeypatch):
    """A type of the project's own is named where it is not trusted, and works where it is."""
    (sandboxed.root / "mine.py").write_text(OWN)
    monkeypatch.syspath_prepend(sandboxed.root)
    import mine

    save(sandboxed, FunctionTransformer(mine.double))

    with pytest.raises(ModelError, match=r"(?s)not trusted: mine\.double.*`trust: \[mine\.double\]`"):
        predict(Model("m.skops", files=("mine.py",)), x=NUMBERS)
    assert CLASSES == predict(Model("m.skops", ("mine.double",), files=("mine.py",)), x=NUMBERS)


@pytest.mark.parametrize("trust", ["pickle", "Type"])
def test_trust_is_of_types(sandboxed, predict, trust):
    """Only types with their modules can be trusted in a file of skops."""
    save(sandboxed)

    with pytest.raises(Misuse, match="lists types with their modules"):
        predict(Model("m.skops", (trust,)), x=NUMBERS)


def test_runs_no_code(springs):
    """Neither a pickle under this name is unpickled, nor a function that is in the file called."""
    assert not springs("m.skops")
    trap = io.dumps(functools.partial(exec, EXECUTES))
    assert not springs("m.skops", trap)
    assert not springs("m.skops", trap, ("mine.double",))
