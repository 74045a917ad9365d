"""Development data that do not look like the test set."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from gate.project import LABELS, N_EXAMPLES, Project

from proctor import gatefile
from proctor.preflight import Development, inspect
from proctor.preflight.report import Mark
from proctor.runtime import Runtime


@pytest.mark.parametrize(("shift", "warns"), [(0.0, False), (1.0, True)])
def test_inspect__development_data_that_look_otherwise(project: Project, shift: float, warns: bool) -> None:
    """A warning names the feature; of data that were drawn alike, with this seed, there is none."""
    rng = np.random.default_rng(8)
    columns = {
        "features.csv": ("x", rng.normal(size=N_EXAMPLES)),
        "dev.csv": ("x", rng.normal(size=N_EXAMPLES) + shift),
        "dev-labels.csv": ("label", LABELS),
        "dev-new.csv": ("prediction", LABELS),
    }
    for name, (column, values) in columns.items():
        letter = "d" if name.startswith("dev") else "e"
        with (project.root / name).open("w", newline="") as file:
            csv.writer(file).writerows([("id", column), *((f"{letter}{i}", each) for i, each in enumerate(values))])
    project.gate(testset={"labels": "labels.csv", "features": "features.csv"})
    named = Development(*(project.root / name for name in ("dev.csv", "dev-labels.csv", "dev-new.csv")))

    found = inspect(gatefile.load(project.root), Runtime(dict(project.environ)), named)

    warnings = [each.text for each in found.findings if each.name == "likeness"]
    assert warns == bool(warnings)
    assert all("do not look like the test set: 'x' is at most" in text for text in warnings)
    assert Mark.PROBLEM not in {each.mark for each in found.findings}
