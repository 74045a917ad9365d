"""Models whose predictions are tables: known by a digest, counted with the labels, and never read whole."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np

from proctor.conditions import Slice, Variable, expanded, slices, variables
from proctor.counting.events import Coding
from proctor.crosstabs import Crosstab, Field
from proctor.errors import DataError, Misuse
from proctor.frozen import dataclass, field, replace
from proctor.gate.contestants import ModelRunner
from proctor.gate.predicted import ModelPredictions
from proctor.gate.predicting import Predicting, refuse_unsaid
from proctor.gate.table_files import Read, predictions_of, read
from proctor.gate.tables import TableTestSet
from proctor.gatefile import Accepted, PredictionsFile
from proctor.ledger.submissions import Submission
from proctor.methods import Valuing
from proctor.predictions import Aligned, PredictionSet, refuse_respelled
from proctor.sample import Sample


@dataclass(frozen=True)
class TableRunner(ModelRunner):
    """Finder of tables of predictions; nothing is run."""

    tables: dict[str, Read] = field(default_factory=dict, repr=False)
    _submitted: dict[PredictionsFile, Submission] = field(default_factory=dict, repr=False)

    def candidate(self) -> ModelPredictions:
        """The new model."""
        assert isinstance(self.gate.candidate, PredictionsFile)  # noqa: S101  # the rules of the gate file say so
        return self._of(self.gate.candidate, self.commit)

    def baseline(self, accepted: Submission | None) -> ModelPredictions | None:
        """The old model that the gate file names; *accepted* is the last accepted candidate, if there is one."""
        match self.gate.baseline:
            case PredictionsFile(revision=None) as file:
                return self._of(file, None)
            case Accepted():
                return self.earlier(accepted) if accepted is not None else None
            case _:
                raise Misuse(
                    "an engine counts tables as they are now, and the baseline is another revision's",
                    hint="Name its predictions: `baseline: {predictions: TABLE}`.",
                )

    def earlier(self, submission: Submission) -> ModelPredictions:
        """A model that took part before; nothing but its digest is kept."""
        return ModelPredictions(submission, _unread)

    def named(self, names: PredictionsFile, commit: str | None) -> ModelPredictions:
        """A table of predictions that the gate file does not name."""
        digest = self._digest(Field(Path(names.predictions), names.prediction))
        return ModelPredictions(Submission(digest, names.predictions, commit), _unread)

    def digest_of(self, predictions: PredictionSet, column: str | None = None) -> NoReturn:
        """Refuse predictions that were read whole."""
        raise Misuse(
            f"an engine counts this test set, and {predictions.source!r} is named beside the gate file",
            hint="Name it there: `baseline: {predictions: TABLE}`. Nothing was recorded.",
        )

    def keep(self, submission: Submission, predictions: Aligned) -> None:
        """Keep nothing: a table stays where it is."""

    def is_at_hand(self, submission: Submission) -> bool:
        """True if its table is here."""
        return submission.digest in self.tables

    def table_of(self, model: ModelPredictions) -> Read:
        """The table of a model; `DataError` if the gate file does not name it."""
        found = self.tables.get(model.submission.digest)
        if found is None:
            raise DataError(
                f"the predictions of {model.submission.source!r} are not kept: an engine counts tables where they are",
                hint="Name them: `baseline: {predictions: TABLE}`. Nothing was spent.",
            )
        return found

    def _of(self, model: PredictionsFile, commit: str | None) -> ModelPredictions:
        """The model of a table, which is digested once."""
        if model not in self._submitted:
            self.runtime.progress(f"reading {model.predictions}")
            table = read(predictions_of(self.gate, model))
            digest = self._digest(table.field)
            self.tables[digest] = table
            self._submitted[model] = Submission(digest, model.predictions)
        return ModelPredictions(replace(self._submitted[model], commit=commit), _unread)

    def _digest(self, table: Field) -> str:
        assert isinstance(self.testset, TableTestSet)  # noqa: S101  # else another runner is asked
        return self.testset.engine.identity(table, id=self.gate.testset.id).rows


def _unread() -> PredictionSet:
    raise AssertionError("a table is counted where it is, and never read whole")


@dataclass(frozen=True)
class TablePredicting(Predicting):
    """Predictions in tables, brought together with the labels when a condition is judged."""

    def of(self, model: ModelPredictions) -> Aligned:
        """Predictions of a model, one for each combination with a label; errors as `sample`."""
        return Aligned(self._counted(model).panel.candidate, model.submission.digest, model.submission.source)

    def sample(
        self, candidate: ModelPredictions, baseline: ModelPredictions | None, anchor: ModelPredictions | None
    ) -> Sample:
        """
        Counts that an evaluation looks at.

        Raises:
            DataError: If tables do not have the same ids, or hold what is no class; or if a slice is empty.
        """
        is_compared = bool(variables(self.gate.formula) & {Variable.O, Variable.D})
        models = [candidate] if baseline is None or not is_compared else [candidate, baseline]
        asked = slices(expanded(self.gate.formula, self.testset.groups))
        found = self._counted(*models, slices=asked)
        if self.testset.files.classes is None:
            self._refuse_misspelled(found, [each.submission.source for each in models])
        return TableSample(found.panel, found.labels, np.arange(len(found.times)), found.slices, crosstab=found)

    def keep(self, *models: ModelPredictions | None) -> None:
        """Keep nothing: a table stays where it is."""

    def _counted(self, *models: ModelPredictions, slices: tuple[Slice, ...] = ()) -> Crosstab:
        testset, runner = self.testset, self.runner
        assert isinstance(testset, TableTestSet)  # noqa: S101  # else another class is asked
        assert isinstance(runner, TableRunner)  # noqa: S101  # as above
        tables = [testset.table, *map(runner.table_of, models)]
        self.runner.runtime.progress("counting labels and predictions")
        files, fields = testset.files, [each.field for each in tables]
        columns = testset.described_by if slices else None
        described = columns.fields(slices) if columns else ()
        found = testset.engine.count(*fields, id=files.id, classes=files.classes, described=described, slices=slices)
        for each in [*tables, *([columns.table] if columns else [])]:
            each.refuse_rewritten()
        return found

    def _refuse_misspelled(self, found: Crosstab, names: list[str]) -> None:
        new, old = (found.panel.of(model) for model in (Variable.N, Variable.O))
        if new is not None and old is not None:
            refuse_respelled(Aligned(new, "", names[0]), Aligned(old, "", names[-1]))
        refuse_unsaid(self.gate.formula, found.panel)


@dataclass(frozen=True, kw_only=True)
class TableSample(Sample):
    """Combinations of label and predictions, each of so many examples; of the examples nothing else is known."""

    crosstab: Crosstab

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return self.crosstab.n_examples

    def counts(self, coding: Coding) -> list[int]:
        """Number of examples with each code of *coding*."""
        return self.crosstab.counts(coding)

    def codes(self, coding: Coding) -> NoReturn:
        """Refuse, as `Crosstab.codes`."""
        self.crosstab.codes(coding)

    def values(self, valuing: Valuing) -> NoReturn:
        """Refuse, as `Crosstab.values`."""
        self.crosstab.values(valuing)

    cluster_means = values

    def on(self, slice_: Slice) -> TableSample:
        """The examples in a slice; errors as `Crosstab.on`."""
        return replace(self, crosstab=self.crosstab.on(slice_))
