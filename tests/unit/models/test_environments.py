"""Folders of the machine that a model may read."""

from __future__ import annotations

from pathlib import Path

import proctor
from proctor.models.environments import of_package


def test_of_package__is_where_this_package_is_imported_from(tmp_path: Path) -> None:
    """A saved model is run by a program of ours, wherever it is installed."""
    assert Path(proctor.__file__).parents[1].resolve() in of_package([tmp_path / "labels.csv"])


def test_of_package__is_not_given_with_a_secret_in_it() -> None:
    """Labels may lie beside an editable installation, and no model sees them."""
    folder = Path(proctor.__file__).parents[1]

    assert folder.resolve() not in of_package([folder / "exam/labels.csv"])
