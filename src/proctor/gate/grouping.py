"""Columns that slices and clusters go by, as registration fixed them; no label has a part in it."""

from __future__ import annotations

from collections.abc import Set

from proctor.errors import DataError
from proctor.ledger.history import TestSetHistory
from proctor.testset import TestSet


def refuse_other_columns(life: TestSetHistory, testset: TestSet, names: Set[str]) -> None:
    """
    Refuse columns of these *names* that are not those of registration.

    Raises:
        DataError: If features have other names, or metadata hold anything else.
    """
    # The fingerprint goes by what stands in the columns of features, not by their names.
    if life.registered.record.columns != testset.columns:
        raise DataError(
            "columns of the features have other names than when this test set was registered; nothing was spent",
            hint=f"Name them again {', '.join(map(repr, life.registered.record.columns))}.",
        )
    refuse_other_metadata(life, testset, names - set(testset.columns))


def refuse_other_metadata(life: TestSetHistory, testset: TestSet, names: Set[str]) -> None:
    """
    Refuse metadata in which a column of these *names* is not that of registration.

    Raises:
        DataError: If so.
    """
    registered, found = life.in_use.metadata or {}, testset.metadata_marks(names)
    for name in sorted(names & (registered.keys() | found.keys())):
        if name not in registered:
            raise DataError(
                f"the test set was registered without a column {name!r} of metadata; nothing was spent",
                hint="A slice that is thought of later could be chosen by its outcome: ask on columns that were there, "
                "or register a fresh test set with it, `proctor testset renew`.",
            )
        if found.get(name) != registered[name]:
            raise DataError(
                f"the column {name!r} of the metadata does not hold what it held when this test set was registered; "
                "nothing was spent",
                hint="Put the registered metadata back in its place.",
            )
