"""A small project in a folder, and its owner's session, all in this process."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import yaml

from proctor import gatefile
from proctor.budget import Adaptive
from proctor.gate.check import How
from proctor.gate.check import check as judge
from proctor.gate.session import Session, Stance
from proctor.ledger import Entry
from proctor.ledger.records import Pending, from_body
from proctor.ledger.submissions import Submission
from proctor.release import Release
from proctor.runtime import Runtime
from proctor.testset import sealing
from proctor.testset.keys import generate_key
from proctor.testset.sealing import fresh_pair, seal_file

R = TypeVar("R")

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
        (self.root / "proctor.yml").write_text(yaml.safe_dump(kept, sort_keys=False))
        return self

    def labels(self, values: np.ndarray) -> Project:
        self._table("labels.csv", "label", values)
        return self

    def rows_of_labels(self, values: list[str]) -> Project:
        """Labels as text, of which some may be blank."""
        return self.labels(np.array(values, dtype=object))

    def model(self, name: str, n_wrong: int) -> Project:
        values = LABELS.copy()
        values[:n_wrong] = (values[:n_wrong] + 1) % 10
        self._table(name, "prediction", values)
        return self

    def features(self) -> Project:
        """Write features.csv, by which the examples are known, and name it."""
        self._table("features.csv", "x", np.arange(N_EXAMPLES))
        return self.gate(testset={"labels": "labels.csv", "features": "features.csv"})

    def sealed(self) -> Project:
        """Seal the labels under a key that is in the environment, and name what is sealed."""
        key = generate_key()
        self.environ["PROCTOR_KEY"] = key.text
        seal_file(self.root / "labels.csv", self.root / "labels.csv.sealed", key, sealing.LABELS, fresh_pair())
        (self.root / "labels.csv").unlink()
        features = {"features": "features.csv"} if (self.root / "features.csv").exists() else {}
        return self.gate(testset={"labels": "labels.csv.sealed", **features})

    def session(self, stance: Stance = Stance.OWNER, **how: Any) -> Session:
        """The gate file as it is now, opened by somebody."""
        return Session(gate=gatefile.load(self.root), runtime=Runtime(dict(self.environ)), stance=stance, **how)

    def check(self, runtime: Runtime | None = None, **how: Any) -> Release:
        """Judge the candidate that the gate file names now."""
        return judge(gatefile.load(self.root), runtime or Runtime(dict(self.environ)), How(**how))

    def begin(self) -> Session:
        """Leave an evaluation that has begun and not ended, as a machine that died does; gives the session."""
        session = self.session()
        begun = Pending(
            testset=session.testset.fingerprint,
            condition="n > 0.5 +/- 0.1",
            candidate=Submission("0" * 64, "third.csv"),
            baseline=None,
            stakes=Adaptive(),
            log_level=-9.0,
            bound="exact",
            origin=session.origin,
            stake=500_000,
        )
        session.append(begun, session.books().head)
        return session

    def entries(self) -> tuple[Entry, ...]:
        """The ledger."""
        return tuple(self.session().ledger.read())

    def kinds(self) -> list[str]:
        """The kinds of the ledger's entries."""
        return [entry.kind for entry in self.entries()]

    def records(self, kind: type[R]) -> list[R]:
        """The records of one kind in the ledger."""
        found = (from_body(entry.kind, entry.body, entry.number) for entry in self.entries())
        return [record for record in found if isinstance(record, kind)]

    def _table(self, name: str, column: str, values: np.ndarray) -> None:
        with (self.root / name).open("w", newline="") as file:
            csv.writer(file).writerows([("id", column), *((f"e{i}", value) for i, value in enumerate(values))])


def start(root: Path, environ: dict[str, str] | None = None) -> Project:
    """A project whose new model is much better than its old one."""
    root.mkdir(exist_ok=True)
    project = Project(root, {"PROCTOR_ACTOR": "ada", "PROCTOR_COMMIT": "c" * 40, **(environ or {})})
    return project.labels(LABELS).model("old.csv", 160).model("new.csv", 40).gate()
