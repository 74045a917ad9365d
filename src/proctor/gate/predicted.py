"""Predictions of one model: known by what was submitted, read or run when needed, in each column that is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from proctor.errors import DataError
from proctor.gatefile import Gate, PredictionsFile
from proctor.ledger.submissions import Submission
from proctor.predictions import PredictionSet, Source

if TYPE_CHECKING:
    from proctor.gate.contestants import ModelRunner


class ModelPredictions(NamedTuple):
    """
    One model, as it was submitted.

    Attributes:
        read: Gives its predictions; runs the model if need be.
        former: Digest by which earlier versions knew the same file; ``None`` where it is today's.
        is_here: True if it was fetched, and can be run without the commit of its submission.
        column: Column of its file that is meant, where conditions read columns of their own.
        columns: The same model in each of its columns that is known; empty where all conditions read one.
    """

    submission: Submission
    read: Callable[[], PredictionSet]
    former: str | None = None
    is_here: bool = False
    column: str | None = None
    columns: Mapping[str, ModelPredictions] = {}

    @property
    def each(self) -> tuple[ModelPredictions, ...]:
        """The model in each of its columns; itself where all conditions read one."""
        return tuple(self.columns.values()) or (self,)

    def on(self, column: str | None) -> ModelPredictions | None:
        """The model in one column, or as it is; ``None`` if nothing is known of that column."""
        return self if column is None else self.columns.get(column)


def of_columns(runner: ModelRunner, names: PredictionsFile, file: Source, commit: str | None) -> ModelPredictions:
    """
    A file of predictions, in each column that a condition reads.

    Raises:
        DataError: If a column is not there, or not what its conditions read; with their names.
    """
    gate, found = runner.gate, dict[str, PredictionSet]()
    for column in gate.columns:
        try:
            found[column] = runner.read_column(names, file, column)
        except DataError as error:
            asking = ", ".join(f"`{each.name}`" for each in gate.named if gate.column_of(each) == column)
            raise DataError(f"{asking} cannot be asked: {error.message}", error.hint) from None
    digests = {column: runner.digest_of(each, column) for column, each in found.items()}
    whole = Submission("", names.predictions, commit, digests).whole
    columns = {
        column: ModelPredictions(
            replace(whole, digest=digests[column]), partial(found.__getitem__, column), each.digest, column=column
        )
        for column, each in found.items()
    }
    return ModelPredictions(whole, _unread, columns=columns)


def earlier(
    gate: Gate, submission: Submission, read: Callable[[Submission, str | None], PredictionSet]
) -> ModelPredictions:
    """
    A model that took part before, in each column that a condition reads now, as far as it was known then.

    Raises:
        DataError: If all conditions read one column now, and nothing was known of that.
    """
    only = gate.candidate.prediction if isinstance(gate.candidate, PredictionsFile) else ""
    if not gate.columns:
        known = submission if submission.columns is None else submission.on(only)
        if known is None:
            raise unknown(submission, only)
        return ModelPredictions(known, lambda: read(known, None))
    then = {only: submission} if submission.columns is None else {name: submission.on(name) for name in gate.columns}
    columns = {
        name: ModelPredictions(each, partial(read, each, name), column=name)
        for name, each in then.items()
        if each is not None
    }
    return ModelPredictions(submission.whole, _unread, columns=columns)


def unknown(submission: Submission, column: str) -> DataError:
    """A refusal to compare with a model of which nothing is known in a column."""
    return DataError(
        f"nothing is known of what the earlier model {submission.source!r} has in the column {column!r}: no condition "
        "read that when it was accepted",
        hint="Name a file that has it: `baseline: {predictions: FILE}`; the owner says that it is the baseline: "
        "`proctor testset baseline FILE`. Nothing was spent.",
    )


def _unread() -> NoReturn:
    raise AssertionError("a file of several columns is read column by column")
