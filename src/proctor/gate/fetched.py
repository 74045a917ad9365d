"""The candidate with fetched files in place of its own: what was submitted then, and what it predicts."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.errors import DataError, Misuse, ModelError
from proctor.gate.execution import Execution
from proctor.gatefile import Fetched, PredictionsFile, Versioned
from proctor.ledger.submissions import Submission
from proctor.predictions import PredictionSet

if TYPE_CHECKING:
    from proctor.models.project import Project
    from proctor.models.runnable import Runnable


def submission_of(execution: Execution, fetched: Fetched) -> Submission:
    """
    The submission that the candidate would be if the *fetched* files lay in the folder themselves.

    Raises:
        Misuse: If the candidate is a file of predictions, or a version that MLflow keeps.
        DataError: If a part of the model is not among the files.
    """
    with _assembled(execution, fetched) as (_, project):
        return Submission(project.digest, fetched.uri, None)


def run(execution: Execution, fetched: Fetched) -> PredictionSet:
    """Predictions of the candidate with the *fetched* files; errors as `submission_of`, and those of the model."""
    with _assembled(execution, fetched) as (model, project):
        return execution.run(model, project, execution.testset.files)


@contextlib.contextmanager
def _assembled(execution: Execution, fetched: Fetched) -> Iterator[tuple[Runnable, Project]]:
    from proctor.models.revision import Export
    from proctor.models.sandbox import scratch

    model = execution.gate.candidate
    if isinstance(model, PredictionsFile | Versioned):
        raise Misuse(
            f"the candidate {str(model)!r} has no files here, in place of which those of {fetched.uri} could be"
        )
    with scratch.folder() as stage:
        start = execution.project(model).copy(stage)
        place = start / fetched.folder
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(fetched.files, place)
        try:
            project = execution.project(model, Export(stage / "project", start))
        except ModelError as error:
            found = of_another_day(error, start)
            raise DataError(f"the baseline is {fetched.uri}: {found.message}", found.hint) from None
        yield model, project


def of_another_day(error: ModelError, root: Path) -> DataError:
    """No fault of the candidate of today; files are named as the user knows them, without the scratch folder *root*."""
    message = error.message.replace(f"{root}{os.sep}", "").replace("the candidate", "the model")
    return DataError(message, error.hint)
