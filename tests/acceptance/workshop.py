"""A workshop: a folder with an exam, models' predictions and a gate file, and `proctor` run in it; not a test."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from command_line import Ran, here


class Workshop:
    """A project of a user: exam/, predictions, proctor.yml."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.n_examples = 0
        self.labels = np.array([], dtype=int)
        self.prefix = "e"

    def testset(self, n_examples: int = 2_000, n_classes: int = 10, seed: int = 7, prefix: str = "e") -> Workshop:
        """Write exam/features.csv and exam/labels.csv with seeded labels; ids begin with *prefix*."""
        self.prefix = prefix
        rng = np.random.default_rng(seed)
        self.n_examples = n_examples
        self.labels = rng.integers(0, n_classes, n_examples)
        (self.root / "exam").mkdir(exist_ok=True)
        self.table("exam/features.csv", ("id", "x"), ((f"{prefix}{i}", i) for i in range(n_examples)))
        self.write_labels(self.labels)
        return self

    def write_labels(self, labels: np.ndarray) -> None:
        self.table("exam/labels.csv", ("id", "label"), ((f"{self.prefix}{i}", label) for i, label in enumerate(labels)))

    def predictions(self, name: str, wrong: range | list[int]) -> Workshop:
        """Write predictions that are right except on the rows of *wrong*."""
        values = self.labels.copy()
        rows = list(wrong)
        values[rows] = (values[rows] + 1) % 10
        self.table(name, ("id", "prediction"), ((f"{self.prefix}{i}", value) for i, value in enumerate(values)))
        return self

    def table(self, name: str, header: tuple[str, ...], rows: Any) -> None:
        with (self.root / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)

    def gate(self, **overrides: Any) -> Workshop:
        """Write proctor.yml; keys given as ``None`` are left out."""
        content: dict[str, Any] = {
            "condition": "n - o > 0.02 +/- 0.02",
            "reliability": 0.999,
            "disagreement": 0.1,
            "testset": {"labels": "exam/labels.csv", "features": "exam/features.csv"},
            "candidate": {"predictions": "new.csv"},
            "baseline": {"predictions": "old.csv"},
            "power": 0.5,
            **overrides,
        }
        kept = {key: value for key, value in content.items() if value is not None}
        (self.root / "proctor.yml").write_text(yaml.safe_dump(kept, sort_keys=False))
        return self

    def accept_settings(self) -> None:
        """Say as the owner of the test set that what the gate file now says is meant."""
        assert 0 == self.proctor("testset", "settings", "--accept", "--yes").code

    def proctor(self, *arguments: str, env: dict[str, str] | None = None) -> Ran:
        """Run the command line in this folder, as a user would."""
        return here(self.root, *arguments, env=env)
