"""Telling what is to be done where models predicted a test set before it was extended or reduced."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from proctor.errors import DataError
from proctor.ledger.history import version_of
from proctor.ledger.records import Cohort
from proctor.testset import TestSet
from proctor.testset.hashing import fingerprint


def what_to_run(testset: TestSet) -> str:
    """Advice that makes predictions fit a test set with other examples than before."""
    return f"The examples of the test set were changed: run the model on all {testset.n_examples:,} examples of it."


@contextlib.contextmanager
def naming_what_grew(testset: TestSet) -> Iterator[None]:
    """Say it of predictions that do not fit a changed test set (`DataError`): they are mostly those of before."""
    try:
        yield
    except DataError as error:
        if not testset.is_changed:
            raise
        raise DataError(error.message, f"{error.hint}. {what_to_run(testset)}") from None


def refuse_reordered(testset: TestSet, examples: Cohort) -> None:
    """Refuse a grown test set whose former examples are not its first (`DataError`): of others nothing was noted."""
    if testset.is_changed and fingerprint(testset.hashes[: examples.n_examples]) != version_of(examples):
        raise DataError(
            "the examples of this test set stand in another order than when they were changed; nothing was spent",
            hint="Put its files back as `proctor testset extend` or `drop` wrote them.",
        )
