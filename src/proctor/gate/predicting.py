"""Predictions of models on the test set: each run or read once, and recognized when it takes part again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from proctor.conditions import Formula, Variable, clauses, expanded, slices
from proctor.counting.events import is_class
from proctor.counting.scoring import Scoring
from proctor.errors import DataError, Misuse, ModelError, ProctorError
from proctor.frozen import dataclass, field, replace
from proctor.gate.contestants import ModelRunner
from proctor.gate.growth import naming_what_grew, refuse_reordered, what_to_run
from proctor.gate.locked import refuse_locked
from proctor.gate.predicted import ModelPredictions
from proctor.gatefile import Gate, Inputs, Labeling, PredictionsFile
from proctor.ledger.history import TestSetHistory
from proctor.ledger.outcomes import Verdict
from proctor.ledger.records import Adopted, Evaluated
from proctor.methods import method_of, refuse_unusable
from proctor.predictions import (
    Aligned,
    Labels,
    Panel,
    PredictionSet,
    align,
    prediction_digest,
    refuse_respelled,
)
from proctor.predictions.columns import Values, distinct
from proctor.predictions.labels import Mask
from proctor.sample import Sample
from proctor.testset import TestSet
from proctor.testset.hashing import fixed_order

_MOST_SHOWN, _LONGEST_SHOWN = 8, 40


@dataclass(frozen=True, kw_only=True)
class Predicting:
    """
    The predictions of the models that take part.

    Attributes:
        runner: Where models are run, and on what.
        read_labels: Gives the labels; private.
        functions: Functions of the owner, by their names in conditions.
    """

    runner: ModelRunner
    read_labels: Callable[[], Labels]
    functions: Mapping[str, Scoring] = field(default_factory=dict)
    _aligned: dict[str, Aligned] = field(default_factory=dict, repr=False)
    _found: dict[str, PredictionSet | ModelError] = field(default_factory=dict, repr=False)

    @property
    def gate(self) -> Gate:
        """The gate file."""
        return self.runner.gate

    @property
    def testset(self) -> TestSet:
        """The test set."""
        return self.runner.testset

    @property
    def is_open(self) -> bool:
        """True if everybody may see the inputs."""
        return self.gate.testset.inputs is not Inputs.SEALED

    def of(self, model: ModelPredictions) -> Aligned:
        """
        Predictions of a model in the order of the test set; run or read once.

        Raises:
            ModelError: If it has run on sealed inputs and what it gave does not fit them.
            DataError: If predictions on open inputs do not fit.
        """
        digest = model.submission.digest
        if digest not in self._aligned:
            found = self._found.get(digest) or model.read()
            if isinstance(found, ModelError):
                raise found
            sheet = self.testset.sheet(self.read_labels(), self.gate.reading_on(model.column))
            with self._judging_output(), naming_what_grew(self.testset):
                aligned = self._aligned[digest] = align(sheet, found)
            for note in aligned.notes if self.is_open else ():  # ids left out on sealed inputs could be a message
                self.runner.runtime.remark(note)
        return self._aligned[digest]

    def perform(self, *models: ModelPredictions | None) -> None:
        """
        Run, on sealed inputs, what has to be run, each in its own time; how it went is seen when it is judged.

        Where one has failed the others run all the same: the time until the outcome would tell it otherwise.
        """
        for model in models:
            if model is not None and model.submission.digest not in self._found:
                self._found[model.submission.digest] = _performed(model)

    def rehearse(self, *others: ModelPredictions | None) -> None:
        """
        Find honest mistakes while they cost nothing: run the candidate on the public sample, look for the *others*.

        Raises:
            ModelError: If the candidate cannot be run on the public sample.
            DataError: If predictions of another model are damaged, or its commit is not here.
        """
        refuse_locked(self.testset)
        self.runner.rehearse()
        for model in others:
            if model is not None and not model.is_here and self.runner.is_at_hand(model.submission):
                self.of(model)

    def sample(
        self, candidate: ModelPredictions, baseline: ModelPredictions | None, anchor: ModelPredictions | None
    ) -> Sample:
        """Sample that an evaluation looks at."""
        if self.is_open:  # else no line may tell how long anything takes
            self.runner.runtime.progress("collecting the candidate's predictions")
        new = self.of(candidate)
        if baseline is not None and self.is_open:
            self.runner.runtime.progress("collecting the baseline's predictions")
        if self.is_open and baseline is None and self.testset.files.classes is None and new.has_words:
            self.runner.runtime.remark(
                "classes are compared letter by letter, so CAT for cat would count as wrong; declare them in "
                "`testset.classes`, and a class that is none is refused"
            )
        found = [self.of(model) if model is not None else None for model in (baseline, anchor)]
        for other in filter(None, found if self.testset.files.classes is None else ()):
            with self._judging_output():
                refuse_respelled(new, other)
        others = [other.values if other is not None else None for other in found]
        panel = Panel(new.values, *others, functions=self.functions, draws=self._draws)
        formula = self.gate.formula_on(candidate.column)
        with self._judging_output():
            refuse_unusable(formula, panel)
        has_classes = self.gate.reading_on(candidate.column).predictions is None
        if self.is_open and self.testset.files.classes is None and has_classes:
            refuse_unsaid(formula, panel)
        masks = self.testset.masks(slices(expanded(formula, self.testset.groups)))
        return Sample(panel, self.read_labels(), self.testset.order, masks, clusters=self._clusters)

    @property
    def _clusters(self) -> NDArray[np.intp] | None:
        column = self.gate.testset.cluster
        return None if column is None else self.testset.clusters(column)

    @cached_property
    def _draws(self) -> NDArray[np.float64] | None:
        is_drawn = self.gate.labels is Labeling.SAMPLED
        return self.runner.owner_key.draws(self.testset.hashes) if is_drawn else None

    def keep(self, *models: ModelPredictions | None) -> None:
        """Keep the predictions of *models* that have given valid ones."""
        for model in models:
            if model is not None and (aligned := self._aligned.get(model.submission.digest)) is not None:
                self.runner.keep(model.submission, aligned)

    # --- recognizing -------------------------------------------------------------------------------------------------

    def refuse_unfaithful(self, life: TestSetHistory | None, *models: ModelPredictions | None) -> None:
        """
        Refuse a model that does not predict what it predicted when it was accepted (theory.md §4.3.4).

        It could be worse on purpose wherever it can tell that it is the baseline.

        Raises:
            DataError: If the inputs are open.
            ModelError: If they are sealed: that tells something about them, and is charged.
        """
        for model in filter(None, models):
            found = life.pin_of(model.submission) if life is not None else None
            if found is None:
                continue
            pin, examples = found
            if pin is None:
                raise self._forgotten(model)
            refuse_reordered(self.testset, examples)
            if pin == self.pin_on(self.of(model), slice(examples.n_examples)):
                continue
            raise (DataError if self.is_open else ModelError)(
                f"{model.submission.source!r} does not give the predictions with which it was accepted; "
                "nothing was spent",
                hint="If it is random by nature, fix its seed and let it be accepted anew; or name its accepted "
                "predictions as a file: `baseline: {predictions: FILE}`.",
            )

    def _forgotten(self, model: ModelPredictions) -> ProctorError:
        return (DataError if self.is_open else ModelError)(
            f"examples were dropped since {model.submission.source!r} was accepted, and nothing was noted of what it "
            "predicts on those that stay; nothing was spent",
            hint=f"{what_to_run(self.testset)} The owner says that what it predicts is the baseline: "
            "`proctor testset baseline FILE`, and `baseline: {predictions: FILE}`.",
        )

    def pinned(self, record: Adopted | Evaluated) -> Adopted | Evaluated:
        """*record* with what an accepted model is recognized by; a file of predictions is known by its own digest."""
        is_fail = isinstance(record, Evaluated) and record.outcome is Verdict.FAIL
        if is_fail or isinstance(self.gate.candidate, PredictionsFile):
            return record
        found = self._aligned.get(record.candidate.digest)
        pin = self.pin_on(found, slice(None)) if found else self.runner.runtime.random_bytes(32).hex()
        return replace(record, predictions=pin)

    def pin_on(self, predictions: Aligned, rows: slice | Mask) -> str:
        """Mark by which predictions are recognized on some rows; on those of an earlier day, if others came since."""
        order = fixed_order(self.testset.hashes[rows])
        mark = prediction_digest(predictions.values[rows][order])
        return self.runner.owner_key.pin(mark, self.testset.fingerprint)

    @contextlib.contextmanager
    def _judging_output(self) -> Iterator[None]:
        """Blame the model for an output that is wrong, once it has seen sealed inputs."""
        try:
            yield
        except DataError as error:
            if self.is_open:
                raise
            raise ModelError(error.message, error.hint) from None


def _performed(model: ModelPredictions) -> PredictionSet | ModelError:
    try:
        return model.read()
    except ModelError as error:
        return error
    except (OSError, MemoryError) as error:  # what it left behind could not be handled
        return ModelError(f"{model.submission.source!r} left what cannot be read: {error}")


def refuse_unsaid(formula: Formula, panel: Panel) -> None:
    """
    Refuse a class that no model ever predicts: it may be misspelled, and a verdict on it would be paid for.

    Raises:
        Misuse: If the formula speaks of one.
    """
    given = [values for model in (Variable.N, Variable.O, Variable.A) if (values := panel.of(model)) is not None]
    for clause in clauses(formula):
        for name in sorted(method_of(clause.quantity).classes):
            if not any(is_class(values, name).any() for values in given):
                raise Misuse(
                    f"`{clause.quantity}` speaks of a class that no model predicts on any example; nothing was spent",
                    hint=f"{_classes_said(given)}Spell it as labels and predictions do. If it is right, declare the "
                    "classes: `testset.classes`.",
                )


def _classes_said(given: Iterable[Values]) -> str:
    """Classes that models predict, if they are few."""
    names = sorted(map(str, set[int | str]().union(*map(distinct, given))))
    shown = ", ".join(repr(name[:_LONGEST_SHOWN]) for name in names)
    return f"Predicted are {shown}. " if len(names) <= _MOST_SHOWN else ""
