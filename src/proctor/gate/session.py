"""
Everything that a gate file names, opened once: key, ledger, test set, models, and who is asking.

Everything is opened when it is first asked for, so that what can be refused early costs nothing.
`check`, `status` and the owner's commands are functions on a session; whoever makes one closes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from proctor import __version__, owner
from proctor.budget import Adaptivity
from proctor.counting.scoring import Scoring
from proctor.errors import LedgerLocked, LedgerMoved, Misuse
from proctor.frozen import dataclass
from proctor.gate import dvc, functions
from proctor.gate.books import LedgerView, Reading, known_as, opened, read
from proctor.gate.contestants import ModelRunner
from proctor.gate.identity import declared, identify, identify_as_registered
from proctor.gate.owner_key import OwnerKey
from proctor.gate.pace import time_of
from proctor.gate.predicted import ModelPredictions
from proctor.gate.predicting import Predicting
from proctor.gate.registry import Registry
from proctor.gate.versions import Versions
from proctor.gatefile import Gate
from proctor.ledger import Draft, Entry, Ledger, open_ledger
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import Corrected, Evaluated, LossAccepted, Origin, Record, to_body
from proctor.methods import own_of
from proctor.predictions import Labels
from proctor.runtime import OWN_FOLDER, Runtime, actor_of, commit_of, keep_out_of_git
from proctor.testset import TestSet

T = TypeVar("T")

_ATTEMPTS = 200
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 2.0
_DOUBLINGS = 10


class Stance(Enum):
    """The part in which somebody opens a gate."""

    JUDGE = "judge"
    """A candidate is judged: the gate file must leave to the owner what is the owner's."""
    OWNER = "owner"
    """The owner acts: the test set is opened with its key, and its files may be spoken of."""
    READER = "reader"
    """The books are looked at: a sealed test set that is registered is found without its key."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """
    One gate, opened by somebody.

    Attributes:
        named_commit: Commit that is judged, where it was named.
        named_record: File for the private figures, where one was named.
        another: Why the test set is another one than those that it looks like; ``None`` if nobody says so.
        takes_any_books: True if books that were cut back are taken, too.
        takes_any_version: True if the examples may be those of before they were changed.
        opens_labels: False if the file of labels need not be here; ids are read there if nothing else has any.
        reads: How the whole ledger is read.
        foresees: True if what is released tells how long the test set will last.
    """

    gate: Gate
    runtime: Runtime
    stance: Stance = Stance.JUDGE
    named_commit: str | None = None
    named_record: Path | None = None
    another: str | None = None
    takes_any_books: bool = False
    takes_any_version: bool = False
    opens_labels: bool = True
    reads: Callable[[Ledger], Reading] = read
    foresees: bool = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back what ledger and fetched models hold; they are opened again if they are asked for once more."""
        if "ledger" in self.__dict__:
            self.ledger.close()
        self.versions.close()

    # --- what is opened ----------------------------------------------------------------------------------------------

    @cached_property
    def owner_key(self) -> OwnerKey:
        """The owner's key, where there is one."""
        dvc.bring(self.gate, self.runtime.environ, dvc.of_data(self.gate))
        return OwnerKey(self.gate, self.runtime, is_owners=self.stance is Stance.OWNER)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger; errors as `open_ledger`."""
        return open_ledger(self.gate.ledger, self.gate.root, self.owner_key.ledger_key)

    @cached_property
    def opening(self) -> Reading:
        """The ledger as it stood when it was first read."""
        return self.reads(self.ledger)

    @cached_property
    def testset(self) -> TestSet:
        """The test set as the ledger knows it, of labels no more than the ids; errors as `identify_as_registered`."""
        entries = self.opening.entries
        if self.stance is Stance.JUDGE:
            return identify_as_registered(self.owner_key, entries, self._reread, opens_labels=self.opens_labels)
        is_owners = self.stance is Stance.OWNER
        testset = known_as(entries, declared(self.owner_key)) if is_owners else identify(self.owner_key, entries)
        if not self.takes_any_books:
            self.owner_key.marks.refuse_cut_back(entries, testset.fingerprint, self._reread)
        return testset

    def _reread(self) -> Sequence[Entry]:
        return self.reads(self.ledger).entries

    @cached_property
    def labels(self) -> Labels:
        """The labels; private."""
        return self.testset.read_labels()

    @cached_property
    def commit(self) -> str | None:
        """Commit that is judged, where it is known."""
        return self.named_commit or commit_of(self.gate.root, self.runtime.environ)

    @cached_property
    def origin(self) -> Origin:
        """Origin of the request: who asks, and from which commit."""
        return Origin(self.gate.name, __version__, self.commit, actor_of(self.gate.root, self.runtime.environ))

    @property
    def owners_file(self) -> Path:
        """The owner's file, for what is for the owner alone."""
        return self.named_record or self.gate.resolve(self.gate.owner.record)

    @cached_property
    def owner_record(self) -> Path | None:
        """The owner's file, if private figures are written to it; ``None`` otherwise: they may stand in the ledger."""
        if self.named_record is not None or self.stance is Stance.OWNER:
            return self.owners_file
        store = self.gate.runstore
        is_awaited = self.gate.adaptivity is Adaptivity.NONE or (store is not None and bool(store.owner_experiment))
        return self.owners_file if is_awaited and self.owner_key.key is None else None

    @property
    def registry(self) -> Registry:
        """The owner's register of labels; sealed where there is a key."""
        return Registry(self.owner_key, self.testset.fingerprint)

    @cached_property
    def functions(self) -> Mapping[str, Scoring]:
        """Functions of the owner that the condition asks; imported before a model runs, which could change them."""
        return functions.loaded(self.gate.metrics, own_of(self.gate.formula))

    # --- models ------------------------------------------------------------------------------------------------------

    @cached_property
    def runner(self) -> ModelRunner:
        """Runner of models on the test set."""
        return self.runner_on(self.testset)

    def runner_on(self, testset: TestSet) -> ModelRunner:
        """Runner of models on the examples of *testset*."""
        dvc.bring(self.gate, self.runtime.environ, dvc.of_models(self.gate))
        kind = ModelRunner
        if self.gate.testset.engine is not None:
            from proctor.gate.table_models import TableRunner

            kind = TableRunner
        return kind(
            gate=self.gate,
            testset=testset,
            owner_key=self.owner_key,
            runtime=self.runtime,
            versions=self.versions,
            commit=self.commit,
            owner_record=self.owner_record,
        )

    @cached_property
    def versions(self) -> Versions:
        """Versions of models that MLflow keeps, fetched."""
        return Versions(self.gate, self.runtime)

    @cached_property
    def candidate(self) -> ModelPredictions:
        """The new model; known by what was submitted, and not run yet."""
        return self.runner.candidate()

    @cached_property
    def predicting(self) -> Predicting:
        """Predictions of the models on the test set, each run or read once."""
        return self._predicting(self.runner, lambda: self.labels)

    def predicting_on(self, testset: TestSet) -> Predicting:
        """Predictions of the models on the examples of *testset*."""
        return self._predicting(self.runner_on(testset), testset.read_labels)

    def _predicting(self, runner: ModelRunner, read_labels: Callable[[], Labels]) -> Predicting:
        kind = Predicting
        if self.gate.testset.engine is not None:
            from proctor.gate.table_models import TablePredicting

            kind = TablePredicting
        return kind(runner=runner, read_labels=read_labels, functions=self.functions)

    # --- books -------------------------------------------------------------------------------------------------------

    def books(self, reading: Reading | None = None) -> LedgerView:
        """The books as they stand now, or as of a *reading*."""
        found, is_another = reading or read(self.ledger), self.another is not None
        return opened(found, self.testset, is_another=is_another, takes_any_version=self.takes_any_version)

    def life(self, books: LedgerView) -> TestSetHistory:
        """The life of the test set; `Misuse` if it is not registered."""
        if books.life is None:
            raise Misuse(
                f"test set {self.testset.fingerprint[:12]} is not in the books of {self.ledger.description}",
                hint="It is registered at its first check, or by `proctor testset register`.",
            )
        return books.life

    def decide(self, act: Callable[[LedgerView], T]) -> T:
        """Do *act* on the books as they stand, again from the new books if others append first; `retry_on_conflict`."""
        return retry_on_conflict(lambda: act(self.books()), self.ledger, self.runtime)

    def append(self, record: Record, head: str) -> Entry:
        """Record something, now, if the ledger's head is still *head*; `LedgerMoved` if it is not."""
        with owner.settling(self.owner_record, _private_of(record)):
            at = time_of(record, self.runtime.now(), self.gate.testset.inputs)
            entry = self.ledger.append(Draft(record.kind, to_body(record), at), head)
        self.owner_key.marks.put(entry, record.testset, force=record.kind == LossAccepted.kind)
        self.keep_out_of_git()
        return entry

    def keep_out_of_git(self) -> None:
        """Have git leave the gate's own folder alone."""
        keep_out_of_git(self.gate.resolve(OWN_FOLDER))

    # --- private figures ---------------------------------------------------------------------------------------------

    @property
    def keeps_figures(self) -> bool:
        """True if the private figures go anywhere where somebody may read them."""
        return self.owner_record is not None or self.owner_key.key is not None

    def conceal(self, figures: Mapping[str, Any], head: str, candidate: str = "") -> owner.Private:
        """
        Text that enters the ledger for the private *figures*, which are drafted for the owner's record.

        With the owner's key they stand in the entry, sealed to its place behind *head*.
        """
        text, salt = self.owner_key.conceal(figures, head)
        if self.owner_record is not None:
            context = {"at": self.runtime.now(), "commit": self.commit, "private": text, "salt": salt}
            owner.draft(self.owner_record, text, {**figures, **context, "candidate": candidate})
        return text

    def complete(self, record: Record) -> None:
        """Finish the owner's note of a *record* in the ledger whose machine died right after it was appended."""
        private = _private_of(record)
        if self.owner_record is not None and private is not None:
            owner.settle(self.owner_record, private)


def retry_on_conflict(attempt: Callable[[], T], ledger: Ledger, runtime: Runtime) -> T:
    """
    Result of *attempt*, tried again after a random pause as long as it raises `LedgerMoved`: others append first.

    Raises:
        LedgerLocked: If the books never stand still.
    """
    for count in range(_ATTEMPTS):
        try:
            return attempt()
        except LedgerMoved:
            longest = min(_LONGEST_PAUSE_S, _SHORTEST_PAUSE_S * 2 ** min(count, _DOUBLINGS))
            runtime.pause(runtime.jitter() * longest)
    raise LedgerLocked(
        f"{ledger.description} moved {_ATTEMPTS} times while an entry for it was being made",
        hint="Nothing was spent. Run the same command again when fewer jobs use it.",
    )


def _private_of(record: Record) -> owner.Private | None:
    """The owner's figures as they stand in *record*: a commitment or a sealed record; ``None`` if it has none."""
    return record.private if isinstance(record, Evaluated | Corrected) else None
