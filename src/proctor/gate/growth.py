"""Telling what is to be done where models predicted a test set before it was extended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from proctor.errors import DataError
from proctor.ledger.records import Extended, Registered
from proctor.testset import TestSet
from proctor.testset.hashing import fingerprint


def what_to_run(exam: TestSet) -> str:
    """Advice that makes predictions fit an extended test set."""
    return f"The test set was extended: run the model on all {exam.n_examples:,} examples of it."


@contextlib.contextmanager
def naming_what_grew(exam: TestSet) -> Iterator[None]:
    """
    Say it of predictions that do not fit an extended test set: they are mostly those of before.

    Raises:
        DataError: As whatever is done here raises it.
    """
    try:
        yield
    except DataError as error:
        if not exam.is_grown:
            raise
        raise DataError(error.message, f"{error.hint}. {what_to_run(exam)}") from None


def refuse_reordered(exam: TestSet, examples: Registered | Extended) -> None:
    """
    Refuse an extended test set whose former examples are not its first ones: nothing was noted of others.

    Raises:
        DataError: If so.
    """
    version = examples.version if isinstance(examples, Extended) else examples.testset
    if exam.is_grown and fingerprint(exam.hashes[: examples.n_examples]) != version:
        raise DataError(
            "the examples of this test set stand in another order than after it was extended; nothing was spent",
            hint="Put its files back as `proctor testset extend` wrote them.",
        )
