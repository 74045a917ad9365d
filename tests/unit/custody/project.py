"""A small project in a folder, and its owner's session, all in this process."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from proctor import gatefile
from proctor.gate.check import check as judge
from proctor.gate.session import Session, Stance
from proctor.release import Release
from proctor.surroundings import Surroundings

N_EXAMPLES = 400
LABELS = np.random.default_rng(20_261_123).integers(0, 10, N_EXAMPLES)


@dataclass
class Project:
    """Labels, models and a gate file in *root*."""

    root: Path
    environ: dict[str, str]

    def gate(self, **overrides: Any) -> Project:
        """Write proctor.yml; keys given as ``None`` are left out."""
        content = {
            "condition": "n - o > 0 +/- 0.1",
            "disagreement": 0.3,
            "power": 0.5,
            "testset": {"labels": "labels.csv"},
            "candidate": {"predictions": "new.csv"},
            "baseline": {"predictions": "old.csv"},
            **overrides,
        }
        kept = {key: value for key, value in content.items() if value is not None}
        (self.root / "proctor.yml").write_text(yaml.safe_dump(kept))
        return self

    def labels(self, values: np.ndarray) -> Project:
        self._table("labels.csv", "label", values)
        return self

    def model(self, name: str, n_wrong: int) -> Project:
        values = LABELS.copy()
        values[:n_wrong] = (values[:n_wrong] + 1) % 10
        self._table(name, "prediction", values)
        return self

    def session(self) -> Session:
        return Session(gate=gatefile.load(self.root), surroundings=Surroundings(self.environ), stance=Stance.OWNER)

    def check(self) -> Release:
        return judge(gatefile.load(self.root), Surroundings(self.environ))

    def _table(self, name: str, column: str, values: np.ndarray) -> None:
        with (self.root / name).open("w", newline="") as file:
            csv.writer(file).writerows([("id", column), *((f"e{i}", value) for i, value in enumerate(values))])


def start(root: Path, environ: dict[str, str] | None = None) -> Project:
    """A project whose new model is much better than its old one."""
    root.mkdir(exist_ok=True)
    project = Project(root, {"PROCTOR_ACTOR": "ada", "PROCTOR_COMMIT": "c" * 40, **(environ or {})})
    return project.labels(LABELS).model("old.csv", 160).model("new.csv", 40).gate()
