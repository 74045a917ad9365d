"""The owner's desk: gate file, test set, ledger and keys, without any candidate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from proctor import __version__, owner
from proctor.errors import DataError, EvaluationPending, Misuse
from proctor.gate.books import Books, consult, known_as
from proctor.gate.case import identify
from proctor.gate.pace import time_of
from proctor.gate.registry import Registry
from proctor.gate.safe import Safe, is_sealed
from proctor.gate.turns import insist
from proctor.gatefile import Gate
from proctor.ledger import Draft, Entry, Ledger, open_ledger
from proctor.ledger.history import Life
from proctor.ledger.records import LossAccepted, Origin, Record, private_of, to_body
from proctor.predictions import Source
from proctor.surroundings import OWN_FOLDER, Surroundings, actor_of, commit_of, keep_out_of_git
from proctor.testset import LabelRegister, TestSet, load

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """
    Where the owner of a test set works.

    Attributes:
        gate: The gate file.
        surroundings: Clock, environment, randomness.
        ledger: The ledger.
        exam: The test set.
        safe: The owner's key, where there is one.
        origin: Who acts.
        owner_record: The owner's file.
        another: Why the test set is another one than those that it looks like; ``None`` if nobody says so.
    """

    gate: Gate
    surroundings: Surroundings
    ledger: Ledger
    exam: TestSet
    safe: Safe
    origin: Origin
    owner_record: Path
    another: str | None = None

    def books(self) -> Books:
        """The books as they stand now."""
        return consult(self.ledger, self.exam, is_another=self.another is not None)

    def life(self, books: Books) -> Life:
        """
        The life of the test set.

        Raises:
            Misuse: If it is not registered.
        """
        if books.life is None:
            raise Misuse(
                f"test set {self.exam.fingerprint[:12]} is not in the books of {self.ledger.description}",
                hint="It is registered at its first check, or by `proctor testset register`.",
            )
        return books.life

    def decide(self, act: Callable[[Books], T]) -> T:
        """
        Do *act* on the books as they stand, again from the new books if somebody else appended first.

        Raises:
            LedgerLocked: If the books never stand still.
        """
        return insist(lambda: act(self.books()), self.ledger, self.surroundings)

    def append(self, record: Record, head: str) -> Entry:
        """Record something if the ledger's head is still *head*; `LedgerMoved` if it is not."""
        with owner.settling(self.owner_record, private_of(record)):
            at = time_of(record, self.surroundings.now(), self.gate.testset.inputs)
            entry = self.ledger.append(Draft(record.kind, to_body(record), at), head)
        self.safe.marks.put(entry, record.testset, force=record.kind == LossAccepted.kind)
        keep_out_of_git(self.gate.resolve(OWN_FOLDER))
        return entry

    def note(self, figures: Mapping[str, Any], head: str, candidate: str = "") -> str:
        """Draft *figures* for the owner's record; gives what of them enters the ledger behind *head*."""
        text, salt = self.safe.conceal(figures, head)
        context = {"at": self.surroundings.now(), "commit": self.origin.commit, "private": text, "salt": salt}
        owner.draft(self.owner_record, text, {**figures, **context, "candidate": candidate})
        return text

    @property
    def registry(self) -> Registry:
        """Where the owner's register of labels lies; sealed where there is a key."""
        return Registry(self.safe, self.exam.fingerprint)

    def register(self, life: Life) -> LabelRegister:
        """
        The owner's register of labels; with the key, made again from the labels where it is not here.

        Raises:
            DataError: If it is not here, or damaged.
        """
        found = self.registry.read(life)
        if found is None and self.safe.key is not None:
            made = self.registry.made_from(self.exam.hashes, self.exam.read_labels())
            found = made if made.commitment == life.labels else None
        if found is None:
            raise DataError(
                f"the owner's record of labels {self.registry.file(life.labels)} is not here",
                hint="It was written where the test set was registered; work there, or restore it from a copy. With "
                "the owner's key, the registered labels in their place are enough.",
            )
        return found

    def opened(self, path: Path, context: str) -> Source:
        """
        A file of the test set, opened in memory if it is sealed.

        Raises:
            KeyFault: If it is sealed and the key is missing or another.
        """
        if not is_sealed(path):
            return Source(path, is_private=True, fence=self.gate.fence, is_owners=True)
        from proctor.testset.sealing import open_file

        return Source(path, open_file(path, self.safe.key, context), is_private=True)


def open_desk(
    gate: Gate,
    surroundings: Surroundings,
    owner_record: Path | None = None,
    *,
    only_reads_books: bool = False,
    takes_any_books: bool = False,
) -> Desk:
    """
    Read test set and ledger; of labels no more than the ids.

    Args:
        gate: The gate file.
        surroundings: Clock, environment, randomness.
        owner_record: The owner's file, in place of the gate file's.
        only_reads_books: True if the books are all that is looked at: a sealed test set that is registered is found
            without its key.
        takes_any_books: True if books that were cut back are taken, too.

    Raises:
        KeyFault: If the test set is sealed and its key is not here.
        DataError: If a file is missing or malformed.
        LedgerError: If the ledger cannot be opened.
    """
    safe = Safe(gate, surroundings, is_owners=not only_reads_books)
    commit = commit_of(gate.root, surroundings.environ)
    ledger = open_ledger(gate.ledger, gate.root, safe.ledger_key)
    entries = ledger.read()
    exam = identify(safe, entries) if only_reads_books else known_as(entries, load(safe.files()))
    if not takes_any_books:
        safe.marks.refuse_cut_back(entries, exam.fingerprint)
    return Desk(
        gate=gate,
        surroundings=surroundings,
        ledger=ledger,
        exam=exam,
        safe=safe,
        origin=Origin(gate.name, __version__, commit, actor_of(gate.root, surroundings.environ)),
        owner_record=owner_record or gate.resolve(gate.owner.record),
    )


def refuse_pending(life: Life) -> None:
    """
    Refuse to act while a candidate is being judged on sealed inputs.

    Raises:
        EvaluationPending: If one is.
    """
    if life.open_pending is not None:
        raise EvaluationPending(
            f"entry {life.open_pending.entry.number} of the ledger is an evaluation that has begun and not ended",
            hint="Wait for it, or end it with `proctor testset abort`: a fail (in fn-free a pass), charged.",
        )
