"""Pickles: read whoever has written them, and code that runs is why they have to be trusted."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pytest

from proctor.models.formats import joblib as subject


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    """Loading adds to the search path, as it may in a child process."""
    monkeypatch.syspath_prepend(".")


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".pickle"])
@pytest.mark.parametrize("dump", [joblib.dump, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_load__whoever_saved_it(tmp_path, suffix, dump):
    """A file is read as what it is, whether pickle or joblib has written it and whatever its suffix says."""
    path = tmp_path / f"model{suffix}"
    dump({"weights": np.arange(3)}, path)

    assert [0, 1, 2] == subject.load(path, ())["weights"].tolist()


def test_trap(springs):
    """The trap of these tests works: it springs in a format that runs code."""
    assert springs("model.pkl", trust=("pickle",))
