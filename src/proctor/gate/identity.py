"""The test set that a gate file names, as the ledger knows it; of labels no more than the ids are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from proctor.errors import KeyFault
from proctor.gate import settings
from proctor.gate.books import known_as
from proctor.gate.locked import recall
from proctor.gate.owner_key import OwnerKey
from proctor.ledger import Entry
from proctor.testset import TestSet, load


def identify(owner_key: OwnerKey, entries: Sequence[Entry], *, opens_labels: bool = True) -> TestSet:
    """
    The test set that the gate file names, as the ledger's *entries* know it; of labels no more than the ids are read.

    Where the examples are sealed and the key is not here, the test set is what its registration says. Where nobody
    *opens_labels*, their file need not be here; ids are read there if nothing else has any.

    Raises:
        KeyFault: If the examples are sealed, the key is not here, and they are not registered.
        DataError: If a file is missing or malformed.
    """
    try:
        return known_as(entries, declared(owner_key, opens_labels=opens_labels))
    except KeyFault:
        found = recall(entries, owner_key) if owner_key.key is None else None
        if found is None:
            raise
        return found


def declared(owner_key: OwnerKey, *, opens_labels: bool = True) -> TestSet:
    """The test set that the gate file names, whatever the ledger knows; arguments and errors as `identify`."""
    if owner_key.gate.testset.engine is not None:
        from proctor.gate import tables

        return tables.load(owner_key)
    files = owner_key.files()
    if not opens_labels and files.features is not None:  # then nothing of the labels is read
        files = replace(files, labels=files.features)
    return load(files)


def identify_as_registered(
    owner_key: OwnerKey,
    entries: Sequence[Entry],
    reread: Callable[[], Sequence[Entry]],
    *,
    opens_labels: bool = True,
) -> TestSet:
    """
    The test set of a gate file that leaves to the owner what is the owner's; *reread* gives the ledger anew.

    Raises:
        ContractError: If it does not: nothing of it is used, and of the files no more than the examples is read.
        LedgerCorrupt: If the ledger was cut back, or is another.
        KeyFault: As `identify`.
        DataError: As `identify`.
    """
    gate, is_signed = owner_key.gate, bool(entries) and entries[-1].mac is not None
    settings.refuse_changed(gate, entries, is_signed=is_signed)
    testset = identify(owner_key, entries, opens_labels=opens_labels)
    settings.refuse_changed_on(gate, entries, testset.fingerprint, is_signed=is_signed)
    owner_key.marks.refuse_cut_back(entries, testset.fingerprint, reread)
    is_sealed = owner_key.pair is not None
    settings.refuse_brought(gate, entries, testset.fingerprint, is_signed=is_signed, is_sealed=is_sealed)
    return testset
