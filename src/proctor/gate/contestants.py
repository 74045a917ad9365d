"""Who takes part: candidate, baseline and anchor, known by what was submitted, read or run when needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

from proctor.gate.kept import Kept
from proctor.gate.safe import Safe
from proctor.gatefile import Accepted, Candidate, Command, Gate, Model, PredictionsFile, Revision
from proctor.ledger.records import Submission
from proctor.predictions import Aligned, ColumnNames, PredictionSet, Source, read_predictions
from proctor.predictions.tables import digest
from proctor.surroundings import Surroundings
from proctor.testset import TestSet

_STORE = ".proctor/store"


@dataclass(frozen=True)
class Contestant:
    """
    One model.

    Attributes:
        submission: What was submitted.
        read: Gives its predictions; runs the model if need be.
    """

    submission: Submission
    read: Callable[[], PredictionSet]


@dataclass(frozen=True)
class Workbench:
    """
    Where models are run and their predictions kept.

    Args:
        gate: The gate file.
        exam: The test set.
        safe: The owner's key, where there is one.
        surroundings: Environment and progress.
        commit: Commit that is judged, where known.
    """

    gate: Gate
    exam: TestSet
    safe: Safe
    surroundings: Surroundings
    commit: str | None

    @cached_property
    def kept(self) -> Kept:
        """Predictions of models that took part."""
        return Kept(self.gate.resolve(_STORE), self.exam, self.safe)

    @property
    def tier(self) -> str | None:
        """Isolation in which models ran; ``None`` if none did."""
        return None

    def candidate(self) -> Contestant:
        """The new model."""
        return self._contestant(self.gate.candidate, self.commit)

    def baseline(self, accepted: Submission | None) -> Contestant | None:
        """The old model that the gate file names; *accepted* is the last accepted candidate, if there is one."""
        match self.gate.baseline:
            case Accepted():
                return self.earlier(accepted) if accepted is not None else None
            case PredictionsFile() as file:
                return self._contestant(file, None)
            case Revision(revision):
                raise NotImplementedError(revision)
            case _:
                assert_never(self.gate.baseline)

    def earlier(self, submission: Submission) -> Contestant:
        """A model that took part before: its kept predictions, or those at the commit that it belongs to."""
        return Contestant(submission, lambda: self.kept.get(submission.digest, submission.source))

    def keep(self, submission: Submission, predictions: Aligned) -> None:
        """Keep the predictions of a model that takes part."""
        self.kept.put(submission.digest, predictions.values)

    def rehearse(self) -> None:
        """Run the candidate on the public sample, if there is one."""

    def _contestant(self, model: Candidate, commit: str | None) -> Contestant:
        match model:
            case PredictionsFile(path, id_column, prediction_column):
                file = Source(self.gate.resolve(path))
                names = ColumnNames(id_column, prediction_column)
                return Contestant(Submission(digest(file), path, commit), lambda: read_predictions(file, names))
            case Command() | Model():
                raise NotImplementedError
            case _:
                assert_never(model)
