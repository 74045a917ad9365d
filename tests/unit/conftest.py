"""A small project for every test that calls the gate in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate.project import Project, start


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose new model is much better than its old one."""
    return start(tmp_path)
