"""Running a saved model as the gate does, and traps for formats that are to run no code."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from proctor.errors import ModelError
from proctor.models.child import Limits
from proctor.models.runnable import Model
from proctor.models.running import run
from proctor.models.sandbox import candidates, confines, scratch
from proctor.models.submission import project_of

NUMBERS = np.array([[0.0, 5.0], [1.0, 4.0], [2.0, 6.0], [3.0, 5.0], [4.0, 4.0], [5.0, 6.0]])


@pytest.fixture
def sandboxed(place):
    """Give bubblewrap where it works; Landlock shows no model an installation that can be edited, such as this one."""
    place = replace(place, limits=Limits(seconds=120))  # libraries of models take long to load on a busy machine
    found = [each for each in candidates() if each.tier == "bubblewrap" and confines(each)]
    return replace(place, launcher=found[0]) if found else place


@pytest.fixture
def predict(sandboxed):
    """Give a function that predicts for *features* (arrays by name) with a model of the gate's folder."""

    def _predict(model, **features):
        np.savez(sandboxed.folder / "features.npz", **features)
        project = project_of(model, sandboxed.root, None, sandboxed.hidden)
        with scratch.folder(sandboxed.stage) as stage:
            ran = run(model, project, sandboxed.folder / "features.npz", replace(sandboxed, stage=stage))
        return ran.predictions.values.tolist()

    return _predict


class Trap:
    """An object that, where it is unpickled, leaves a mark in the folder that a model may write to."""

    def __reduce__(self):
        return (exec, ("import os; os.mkdir(os.path.expanduser('~/sprung'))",))


@pytest.fixture
def springs(sandboxed, predict):
    """Give a function that tells if a file with this *content* runs code when it is loaded as a model."""

    def _springs(name, content=None, trust=()):
        (sandboxed.root / name).write_bytes(pickle.dumps(Trap()) if content is None else content)
        with pytest.raises(ModelError):
            predict(Model(name, trust), x=NUMBERS)
        return (sandboxed.folder / "home" / "sprung").exists()

    return _springs
