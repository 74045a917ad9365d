"""A workshop for every test."""

from __future__ import annotations

from pathlib import Path

import pytest
from workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """An empty workshop."""
    return Workshop(tmp_path)


@pytest.fixture
def ready(workshop: Workshop) -> Workshop:
    """A workshop in which the new model is clearly better than the old one: 8 points at 2,000 examples."""
    return workshop.testset().predictions("old.csv", range(400)).predictions("new.csv", range(160, 400)).gate()
