"""
One question being put: gate file, test set, candidate, and the places that private things are kept in.

A case is read from files once and stays as it is while the books move. Models run and labels are read only when they
are asked for, after everything that can be refused without them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor import __version__, owner
from proctor.budget import Adaptivity
from proctor.conditions import Variable, variables
from proctor.errors import DataError, KeyFault, LabelsMissing, ModelError
from proctor.gate import settings
from proctor.gate.books import WAYS_ON, Books, known_as
from proctor.gate.contestants import Contestant, Workbench
from proctor.gate.locked import recall, refuse_locked
from proctor.gate.pace import time_of
from proctor.gate.registry import Registry
from proctor.gate.safe import Safe
from proctor.gatefile import Gate, Inputs, PredictionsFile
from proctor.ledger import Draft, Entry, Ledger, open_ledger
from proctor.ledger.history import Life, is_acceptance
from proctor.ledger.records import Adopted, Evaluated, Origin, Record, Registered, private_of, to_body
from proctor.predictions import (
    Aligned,
    Labels,
    Panel,
    PredictionSet,
    align,
    prediction_digest,
    refuse_respelled,
)
from proctor.sample import Sample
from proctor.surroundings import Surroundings, actor_of, commit_of
from proctor.testset import (
    Agreement,
    ExamFiles,
    TestSet,
    agreement,
    load,
    seal_traits,
    tags_of,
    write_request,
)

_REQUEST_FOLDER = ".proctor/requests"


@dataclass(frozen=True)
class Case:
    """
    One question being put.

    Attributes:
        gate: The gate file.
        surroundings: Clock, environment, randomness.
        ledger: The ledger.
        exam: The test set.
        candidate: The new model.
        workbench: Where models are run and their predictions kept.
        safe: The owner's key, where there is one.
        origin: Who asks.
        owner_record: File for the private figures, where one was named.
        stake: Declared stake in units (theory.md §4.5); ``None`` if none was declared.
        asks_anew: Whether a recorded answer is passed over, and the question asked and paid once more.
    """

    gate: Gate
    surroundings: Surroundings
    ledger: Ledger
    exam: TestSet
    candidate: Contestant
    workbench: Workbench
    safe: Safe
    origin: Origin
    owner_record: Path | None = None
    stake: int | None = None
    asks_anew: bool = False
    _aligned: dict[str, Aligned] = field(default_factory=dict, repr=False)
    _found: dict[str, PredictionSet | ModelError] = field(default_factory=dict, repr=False)

    @property
    def tier(self) -> str | None:
        """Isolation in which models ran; ``None`` if none did."""
        return self.workbench.tier

    # --- models ------------------------------------------------------------------------------------------------------

    def baseline(self, life: Life | None) -> Contestant | None:
        """The old model that the gate file names; ``None`` on a first commit."""
        accepted = life.accepted(self.gate.name) if life else None
        return self.workbench.baseline(accepted.record.candidate if accepted else None)

    def anchor(self, life: Life | None, baseline: Contestant | None) -> Contestant | None:
        """The anchor, where the condition speaks of it: of registration, or today's baseline if that is now."""
        if Variable.A not in variables(self.gate.formula):
            return None
        submission = life.anchor(self.gate.name) if life else None
        return self.workbench.earlier(submission) if submission else baseline

    def predict(self, contestant: Contestant) -> Aligned:
        """
        Predictions of a model in the order of the test set; run or read once.

        Raises:
            ModelError: If it has run on sealed inputs and what it gave does not fit them.
            DataError: If predictions on open inputs do not fit.
        """
        digest = contestant.submission.digest
        if digest not in self._aligned:
            found = self._found.get(digest) or contestant.read()
            if isinstance(found, ModelError):
                raise found
            sheet = self.exam.sheet(self.labels)
            with self._judging_output():
                aligned = self._aligned[digest] = align(sheet, found)
            is_open = self.gate.testset.inputs is not Inputs.SEALED
            for note in aligned.notes if is_open else ():  # a model on sealed inputs could speak by leaving ids out
                self.surroundings.remark(note)
        return self._aligned[digest]

    def perform(self, *models: Contestant | None) -> None:
        """
        Run, on sealed inputs, what has to be run, each in its own time; how it went is seen when it is judged.

        Where one has failed the others run all the same: the time until the outcome would tell it otherwise.
        """
        for model in models:
            if model is not None and model.submission.digest not in self._found:
                self._found[model.submission.digest] = _performed(model)

    @contextlib.contextmanager
    def _judging_output(self) -> Iterator[None]:
        """What is wrong with the output of a model that has seen sealed inputs is a fault of the model."""
        try:
            yield
        except DataError as error:
            if self.gate.testset.inputs is not Inputs.SEALED:
                raise
            raise ModelError(error.message, error.hint) from None

    def refuse_unfaithful(self, life: Life | None, *models: Contestant | None) -> None:
        """
        Refuse a model that does not predict what it predicted when it was accepted (theory.md §4.3.4).

        It could be worse on purpose wherever it can tell that it is the baseline.

        Raises:
            DataError: If the inputs are open.
            ModelError: If they are sealed: that tells something about them, and is charged.
        """
        for model in filter(None, models):
            pin = life.pin_of(model.submission) if life is not None else None
            if pin is None or pin == self._pin(self.predict(model)):
                continue
            raise (ModelError if self.gate.testset.inputs is Inputs.SEALED else DataError)(
                f"{model.submission.source!r} does not give the predictions with which it was accepted; "
                "nothing was spent",
                hint="If it is random by nature, fix its seed and let it be accepted anew; or name its accepted "
                "predictions as a file: `baseline: {predictions: FILE}`.",
            )

    def pinned(self, record: Adopted | Evaluated) -> Adopted | Evaluated:
        """*record* with what an accepted model is recognized by; a file of predictions is known by its own digest."""
        if not is_acceptance(record) or isinstance(self.gate.candidate, PredictionsFile):
            return record
        found = self._aligned.get(self.candidate.submission.digest)
        return replace(record, predictions=self._pin(found) if found else self.surroundings.random_bytes(32).hex())

    def _pin(self, predictions: Aligned) -> str:
        return self.safe.pin(prediction_digest(predictions.values[self.exam.order]), self.exam.fingerprint)

    def sample(self, baseline: Contestant | None, anchor: Contestant | None) -> Sample:
        """What an evaluation looks at."""
        is_open = self.gate.testset.inputs is not Inputs.SEALED
        if is_open:  # else no line may tell how long anything takes
            self.surroundings.progress("collecting the candidate's predictions")
        candidate = self.predict(self.candidate)
        if baseline is not None and is_open:
            self.surroundings.progress("collecting the baseline's predictions")
        if is_open and baseline is None and self.exam.files.classes is None and candidate.has_words:
            self.surroundings.remark(
                "classes are compared letter by letter, so CAT for cat would count as wrong; declare them in "
                "`testset.classes`, and a class that is none is refused"
            )
        found = [self.predict(model) if model is not None else None for model in (baseline, anchor)]
        for other in filter(None, found if self.exam.files.classes is None else ()):
            with self._judging_output():
                refuse_respelled(candidate, other)
        others = [other.values if other is not None else None for other in found]
        return Sample(Panel(candidate.values, *others), self.labels, self.exam.order)

    def keep(self, *models: Contestant | None) -> None:
        """Keep the predictions of *models* that have given valid ones."""
        for model in models:
            if model is not None and (aligned := self._aligned.get(model.submission.digest)) is not None:
                self.workbench.keep(model.submission, aligned)

    # --- labels ------------------------------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> Labels:
        """The labels; private."""
        return self.exam.read_labels()

    @property
    def registry(self) -> Registry:
        """Where the owner's register of labels lies."""
        return Registry(self.safe, self.exam.fingerprint)

    def refuse_corrected_labels(self, life: Life) -> None:
        """
        Refuse labels that are not those of registration, all in the same words.

        Raises:
            DataError: If they are not; neither how many nor which. Or if examples have other ids than they had.
            KeyFault: If the test set is sealed and its key is not here.
        """
        refuse_locked(self.exam)
        self._refuse_unsealed(life.registered.record)
        register = self.registry.read(life)
        if register is None:
            self._refuse_other_labels(life)
            return
        if register.commitment != life.labels:
            raise DataError(
                f"the owner's record of labels {self.registry.file(life.labels)} is not the one of this registration",
                hint="Restore it from a copy.",
            )
        if register.compare(self.exam.hashes, self._registered_labels()).n_changed:
            raise settings.other_labels()

    def _refuse_unsealed(self, registered: Registered) -> None:
        """
        Refuse anything but the sealed labels, and labels of other examples than theirs, before any is looked at.

        Of two exchanged ids, the labels would tell whether they are the same.
        """
        if registered.pair is not None and self.safe.pair != registered.pair:
            raise settings.other_labels()
        if registered.places is not None and self.exam.places != registered.places:
            raise DataError(
                "examples have other ids than when they were registered, or stand in other rows; nothing was spent",
                hint="Put the registered features back.",
            )

    def _refuse_other_labels(self, life: Life) -> None:
        """Without the register, by the key alone: whether labels were changed, and not how many."""
        if self.safe.key is None or not life.registered.record.is_labeled:
            return
        made = (self.registry.made_from(self.exam.hashes, each) for each in self._registered_labels().readings())
        if all(register.commitment != life.labels for register in made):
            raise settings.other_labels()

    def _registered_labels(self) -> Labels:
        """The labels of a registered set: a file that cannot be read as such is another one."""
        try:
            return self.labels
        except DataError:
            raise settings.other_labels() from None

    def refuse_known_labels(self, books: Books) -> None:
        """
        Refuse a test set that is not in the books, if its labels are those of one that is, or if nothing can tell.

        Raises:
            DataError: If so; which labels are the same is told to nobody.
        """
        for life in books.lives.values() if books.life is None else ():
            is_doubtful = life in books.doubts
            found = self._agreement(life) if is_doubtful or self._is_as_long(life) else Agreement.OTHER
            name = life.registered.record.testset[:12]
            if found is Agreement.SAME:
                raise DataError(
                    f"the labels of this test set, row by row, are those of test set {name}; nothing was judged",
                    hint=f"Other ids and features do not make another test set. {WAYS_ON}",
                )
            if found is Agreement.SILENT and is_doubtful:
                raise DataError(
                    f"nothing tells whether this is test set {name} in another form, or another one: its ids are row "
                    "numbers, or it has none; nothing was judged",
                    hint=f"The owner of the test set is asked once. {WAYS_ON}",
                )

    def _is_as_long(self, life: Life) -> bool:
        return life.registered.record.n_examples == self.exam.n_examples

    def _agreement(self, life: Life) -> Agreement:
        """What labels say of whether this is a registered set."""
        record = life.registered.record
        salt = Registry(self.safe, record.testset).salt(life) if record.ranks is not None else None
        if record.ranks is None or salt is None:
            return Agreement.SILENT
        return agreement(record.ranks, self.labels, self.exam.ranks, salt)

    def registration(self, baseline: Contestant | None) -> Registered:
        """The entry that registers this test set, with its contract; drafts the owner's register of labels."""
        register = self.registry.made_from(self.exam.hashes, self.labels)
        by_ids = self.exam.seen_through(()) if self.exam.columns else None
        self.registry.draft(register)
        return Registered(
            testset=self.exam.fingerprint,
            n_examples=self.exam.n_examples,
            contract=self.gate.contract,
            inputs=str(self.gate.testset.inputs),
            sketch=self.exam.sketch.to_json(),
            columns=self.exam.columns,
            labels=register.commitment,
            origin=self.origin,
            anchor=baseline.submission if baseline else None,
            pair=self.safe.pair,
            ids=by_ids.fingerprint if by_ids else None,
            places=self.exam.places,
            is_labeled=bool(self.labels.is_known().all()),
            settings=settings.settings_of(self.gate),
            traits=seal_traits(self.exam.traits, self.exam.files.key),
            ranks=tags_of(self.labels, self.exam.ranks, register.salt),
        )

    def rehearse(self, *others: Contestant | None) -> None:
        """
        Find honest mistakes while they cost nothing: run the candidate on the public sample, look for the *others*.

        Raises:
            ModelError: If the candidate cannot be run on the public sample.
            DataError: If predictions of another model are damaged, or its commit is not here.
        """
        refuse_locked(self.exam)
        self.workbench.rehearse()
        for model in others:
            if model is not None and self.workbench.is_at_hand(model.submission):
                self.predict(model)

    def refuse_incomplete_labels(self) -> None:
        """
        Refuse labels with gaps: on sealed inputs, which rows lack one must not depend on what the model predicts.

        Raises:
            LabelsMissing: If an example has no label.
        """
        missing = np.flatnonzero(~self.labels.is_known())
        if len(missing):
            raise LabelsMissing(
                "there are examples without a label, and sealed inputs need all labels; nothing was spent",
                hint=self.request_labels(missing),
            )

    def request_labels(self, rows: NDArray[np.intp]) -> str:
        """Write which examples need a label, for the owner's eyes; gives what to do next."""
        path = write_request(self.exam, rows, self.gate.resolve(_REQUEST_FOLDER)).path
        return (
            f"A label request for the owner of the test set was written: {path}. "
            f"Once its rows are labeled in {self.gate.testset.labels}, run the same command again."
        )

    # --- what is written ---------------------------------------------------------------------------------------------

    @property
    def keeps_figures(self) -> bool:
        """Whether the private figures go anywhere where somebody may read them."""
        return self.owner_record is not None or self.safe.key is not None

    def conceal(self, figures: Mapping[str, Any], head: str) -> str:
        """
        What of the private figures enters the ledger; the figures themselves are drafted for the owner's record.

        With the owner's key they stand in the entry, sealed to its place behind *head*.
        """
        text, salt = self.safe.conceal(figures, head)
        if self.owner_record is not None:
            context = {"at": self.surroundings.now(), "commit": self.origin.commit, "private": text, "salt": salt}
            note = {**figures, **context, "candidate": self.candidate.submission.source}
            owner.draft(self.owner_record, text, note)
        return text

    def append(self, record: Record, head: str) -> Entry:
        """Record something, now, if the ledger's head is still *head*; `LedgerMoved` if it is not."""
        with owner.settling(self.owner_record, private_of(record)):
            at = time_of(record, self.surroundings.now(), self.gate.testset.inputs)
            entry = self.ledger.append(Draft(record.kind, to_body(record), at), head)
        self.safe.marks.put(entry, record.testset)
        return entry

    def complete(self, record: Record) -> None:
        """Finish the owner's note of a *record* in the ledger whose machine died right after it was appended."""
        private = private_of(record)
        if self.owner_record is not None and private is not None:
            owner.settle(self.owner_record, private)


def _performed(model: Contestant) -> PredictionSet | ModelError:
    try:
        return model.read()
    except ModelError as error:
        return error
    except (OSError, MemoryError) as error:  # what it left behind could not be handled
        return ModelError(f"{model.submission.source!r} left what cannot be read: {error}")


def identify(safe: Safe, entries: Sequence[Entry], *, opens_labels: bool = True) -> TestSet:
    """
    The test set that the gate file names, as the ledger's *entries* know it; of labels no more than the ids are read.

    Where the examples are sealed and the key is not here, the test set is what its registration says.

    Args:
        safe: The owner's key, where there is one.
        entries: The ledger.
        opens_labels: False if the file of labels need not be here; ids are read there if nothing else has any.

    Raises:
        KeyFault: If the examples are sealed, the key is not here, and they are not registered.
        DataError: If a file is missing or malformed.
    """
    try:
        files = safe.files()
        return known_as(entries, load(files if opens_labels else _without_labels(files)))
    except KeyFault:
        found = recall(entries, safe) if safe.key is None else None
        if found is None:
            raise
        return found


def identify_as_registered(safe: Safe, entries: Sequence[Entry], *, opens_labels: bool = True) -> TestSet:
    """
    The test set of a gate file that leaves to the owner what is the owner's.

    Raises:
        ContractError: If it does not: nothing of it is used, and of the files no more than the examples is read.
        LedgerCorrupt: If the ledger was cut back, or is another.
        KeyFault: As `identify`.
        DataError: As `identify`.
    """
    gate, is_signed = safe.gate, bool(entries) and entries[-1].mac is not None
    settings.refuse_changed(gate, entries, is_signed=is_signed)
    exam = identify(safe, entries, opens_labels=opens_labels)
    settings.refuse_changed_on(gate, entries, exam.fingerprint, is_signed=is_signed)
    safe.marks.refuse_cut_back(entries, exam.fingerprint)
    is_sealed = safe.pair is not None
    settings.refuse_brought(gate, entries, exam.fingerprint, is_signed=is_signed, is_sealed=is_sealed)
    return exam


def _without_labels(files: ExamFiles) -> ExamFiles:
    """The files of the test set, of which the labels are not opened, as far as the examples have another file."""
    return files if files.features is None else replace(files, labels=files.features)


def open_case(
    gate: Gate, surroundings: Surroundings, *, commit: str | None = None, owner_record: Path | None = None
) -> Case:
    """
    Read what is asked: test set, candidate, ledger; of labels no more than the ids.

    Raises:
        DataError: If a file is missing or malformed.
        LedgerError: If the ledger cannot be opened.
    """
    commit = commit or commit_of(gate.root, surroundings.environ)
    safe = Safe(gate, surroundings)
    ledger = open_ledger(gate.ledger, gate.root, safe.ledger_key)
    entries = ledger.read()
    exam = identify_as_registered(safe, entries)
    settings.say_once_if_unpinned(gate, entries, exam.fingerprint, surroundings.remark)
    settings.refuse_features_from_outside(gate, entries, exam.fingerprint)
    if owner_record is None and gate.adaptivity is Adaptivity.NONE and safe.key is None:
        owner_record = gate.resolve(gate.owner.record)
    workbench = Workbench(gate, exam, safe, surroundings, commit, owner_record)
    return Case(
        gate=gate,
        surroundings=surroundings,
        ledger=ledger,
        exam=exam,
        candidate=workbench.candidate(),
        workbench=workbench,
        safe=safe,
        origin=Origin(gate.name, __version__, commit, actor_of(gate.root, surroundings.environ)),
        owner_record=owner_record,
    )
