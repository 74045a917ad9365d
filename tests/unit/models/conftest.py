"""Where models are run in tests."""

from __future__ import annotations

import pytest

from proctor.models.child import Limits
from proctor.models.running import Place

FEATURES = "id,x\na,1\nb,2\nc,3\n"


@pytest.fixture
def place(tmp_path):
    """Give a gate's folder with labels and a ledger, and a private folder with the features beside it."""
    root, folder = tmp_path / "gate", tmp_path / "private"
    (root / "exam").mkdir(parents=True)
    folder.mkdir()
    (root / "exam" / "labels.csv").write_text("id,label\na,4711\n")
    (folder / "features.csv").write_text(FEATURES)
    environment = {"PATH": "/usr/bin:/bin", "PROCTOR_KEY": "k3y", "GITHUB_TOKEN": "t0ken", "LABELS": "exam/labels.csv"}
    return Place(
        root=root,
        stage=tmp_path,
        folder=folder,
        limits=Limits(seconds=20),
        environment=environment,
        hidden=(root / "exam",),
    )
