"""Models that a gate compares, as they are declared: the candidate and the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from proctor.frozen import dataclass, field
from proctor.models.runnable import Command, Model, Versioned


@dataclass(frozen=True)
class PredictionsFile:
    """
    Predictions that were made elsewhere.

    Attributes:
        predictions: The file.
        id: Name of its column of ids.
        prediction: Name of its column of predictions.
        revision: Revision of the repository at which it is read; ``None`` for the file as it lies here.
        is_given: True if whoever runs the gate names it, and not the commit that is judged.
    """

    predictions: str
    id: str = "id"
    prediction: str = "prediction"
    revision: str | None = None
    is_given: bool = field(default=False, compare=False)
    timeout: ClassVar[None] = None  # nothing is run


Candidate = PredictionsFile | Command | Model | Versioned


@dataclass(frozen=True)
class Accepted:
    """
    The baseline is the last accepted candidate of the ledger.

    Attributes:
        in_place_of: What the gate file declares, where a first candidate is the very model that it names.
    """

    in_place_of: PredictionsFile | Revision | Versioned | Fetched | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Revision:
    """
    The baseline is the candidate's own path at another revision of the git repository.

    Attributes:
        revision: Branch, tag or commit.
        is_given: True if whoever runs the gate names it, and not the gate file.
    """

    revision: str
    is_given: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Fetched:
    """
    The baseline is the candidate with other files in one of its folders; no gate file says so, only who runs the gate.

    Attributes:
        uri: Where they come from, as it is quoted.
        folder: The folder, relative to that of the gate file.
        files: Place on disk of the files that are there in the baseline.
    """

    uri: str
    folder: str
    files: Path


Declared = Accepted | PredictionsFile | Revision | Versioned
"""Baseline as a gate file names it."""
Baseline = Declared | Fetched
