"""
Development data: examples with labels that everybody may look at, and what the models predict on them.

They must share nothing with the test set. That is checked before a label of them is read, because a test set passed
off as development data would tell developers what the gate must not.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import numpy as np

from proctor.conditions import Variable, variables
from proctor.errors import DataError, Misuse
from proctor.files import Fence
from proctor.frozen import dataclass
from proctor.gate import functions
from proctor.gate.contestants import ModelRunner
from proctor.gate.hidden import hidden_paths
from proctor.gatefile import Accepted, Gate, Inputs, Labeling, PredictionsFile, Revision, Versioned
from proctor.ledger.history import TestSetHistory
from proctor.ledger.submissions import Submission
from proctor.methods import own_of, refuse_unusable
from proctor.predictions import ColumnNames, Panel, PredictionSet, Source, align, read_predictions
from proctor.predictions.labels import Labels
from proctor.testset import ExampleFiles, TestSet, load, overlap

_SEED_OF_DRAWS = 20_261_129
"""Of the examples that stand for those that the owner's key draws."""


@dataclass(frozen=True)
class Development:
    """
    Files of development data, as the user named them.

    Attributes:
        features: What a model is shown.
        candidate: Predictions of the new model on them; it is run if left out.
        guard: What no link may lead out of, where the gate file names them; ``None`` where the user does.
    """

    features: Path | None = None
    labels: Path | None = None
    candidate: Path | None = None
    baseline: Path | None = None
    anchor: Path | None = None
    guard: Fence | None = None

    @property
    def is_there(self) -> bool:
        """True if any development data were named."""
        return self.features is not None or self.labels is not None

    def source(self, path: Path, *, is_owners: bool = False) -> Source:
        """One of the files, to be read."""
        return Source(path, fence=self.guard, is_owners=is_owners)


def declared(gate: Gate) -> Development:
    """
    Development data that the gate file names.

    Raises:
        Misuse: If one lies out of the project: a commit could have the labels of another gate taken for development.
        DataError: If a link leads there.
    """
    files = gate.development
    if files is None:
        return Development()
    guard = gate.guard._replace(kept=(*gate.guard.kept, *hidden_paths(gate)))
    paths = [files.features, files.labels, files.candidate, files.baseline]
    for path in filter(None, paths):
        if not guard.real(gate.resolve(path)).is_relative_to(guard.project):
            raise Misuse(
                f"the development data {path!r} lie out of the project",
                hint="Keep them in the project, where everybody may look at them. Nothing was spent.",
            )
    features, labels, candidate, baseline = (gate.resolve(path) if path else None for path in paths)
    return Development(features, labels, candidate, baseline, guard=guard)


def has_candidate(gate: Gate, files: Development) -> bool:
    """True if the candidate's predictions on the development data are named, or it is a model that can be run."""
    return files.candidate is not None or not isinstance(gate.candidate, PredictionsFile)


def open_development(
    gate: Gate, files: Development, testset: TestSet | None, *, compares: bool | None = None
) -> TestSet:
    """
    The development examples; of their labels no more than the ids.

    Whoever *compares* looks for examples of the test set among them; left out, only where its inputs are open.

    Raises:
        Misuse: If they are the test set, or share examples with it; or if conditions read several columns.
        DataError: If a file is missing or malformed.
    """
    if gate.columns:
        raise Misuse(
            f"development data have one column of predictions, and `conditions` of {gate.file} name several",
            hint="Leave them out; they are for gates whose conditions read one column.",
        )
    own = {gate.resolve(name).resolve() for name in (gate.testset.labels, gate.testset.features) if name}
    for path in (files.features, files.labels):
        if path is not None and path.resolve() in own:
            raise Misuse(
                f"{str(path)!r} is the test set's own file, and no development data",
                hint="Name examples that are not in the test set.",
            )
    found = load(
        ExampleFiles(
            labels=files.source(files.labels or files.features or Path(), is_owners=True),
            features=files.source(files.features) if files.features else None,
            id=gate.testset.id,
            label=gate.testset.label,
            classes=frozenset(gate.testset.classes) if gate.testset.classes else None,
            key=testset.files.key if testset else b"",
            reading=gate.reading,
            name="the development set",
        )
    )
    # Sets can be compared by the same columns only. With sealed inputs the answer would tell whether a guess is among
    # them, and nobody but the owner could name them as development data.
    compares = gate.testset.inputs is Inputs.OPEN if compares is None else compares
    is_comparable = testset is not None and found.columns == testset.columns and compares
    common = overlap(testset.sketch, found.sketch) if testset is not None and is_comparable else None
    if common is not None and not common.is_fresh:
        raise Misuse(
            f"the development data have {common} examples in common with the test set, which they may not have",
            hint="Name examples that are not in the test set. (Without features, ids tell them apart.)",
        )
    return found


@dataclass(frozen=True)
class Bench:
    """
    Bench on which the models of a gate predict on development data.

    Attributes:
        files: What the user named.
        life: Life of the test set, which knows the accepted baseline; ``None`` if it is not registered or not here.
    """

    gate: Gate
    files: Development
    examples: TestSet
    runner: ModelRunner
    life: TestSetHistory | None

    def panel(self, labels: Labels | None) -> Panel:
        """
        Predictions of candidate, baseline and anchor; a baseline or anchor that is not to be had is left out.

        Raises:
            ProctorError: If the candidate cannot be run, or its predictions are not well formed.
        """
        sheet = self.examples.sheet(labels)
        others = (
            self._named(self.files.baseline) or self._baseline(),
            self._named(self.files.anchor) or self._anchor(),
        )
        values = (None if each is None else align(sheet, each).values for each in others)
        found = functions.loaded(self.gate.metrics, own_of(self.gate.formula))
        is_drawn, rng = self.gate.labels is Labeling.SAMPLED, np.random.default_rng(_SEED_OF_DRAWS)
        draws = rng.random(self.examples.n_examples) if is_drawn else None  # as good as those of the key
        panel = Panel(align(sheet, self.candidate).values, *values, functions=found, draws=draws)
        refuse_unusable(self.gate.formula, panel)
        return panel

    def _named(self, file: Path | None) -> PredictionSet | None:
        return None if file is None else read_predictions(self.files.source(file), self._columns())

    @cached_property
    def candidate(self) -> PredictionSet:
        """Predictions of the new model, read or made once; `ProctorError` if it cannot be run."""
        if self.files.candidate is not None:
            return read_predictions(self.files.source(self.files.candidate), self._columns())
        if isinstance(self.gate.candidate, PredictionsFile):
            raise Misuse(
                f"the candidate is {self.gate.candidate.predictions!r}, which says nothing about other examples",
                hint="Name its predictions on the development data: --development-candidate FILE.",
            )
        return self.runner.candidate().read()

    def _baseline(self) -> PredictionSet | None:
        if isinstance(self.gate.candidate, PredictionsFile):
            return self._candidates_file_then()
        match self.gate.baseline:
            case Revision() | Versioned():
                found = self.runner.baseline(None)
                return found.read() if found is not None else None
            case Accepted():
                return self._earlier(self._accepted)
            case _:
                return None

    @property
    def _accepted(self) -> Submission | None:
        accepted = self.life.accepted(self.gate.name) if self.life else None
        return accepted.record.candidate if accepted else None

    def _candidates_file_then(self) -> PredictionSet | None:
        """The candidate's file of predictions as it was at the baseline's commit; ``None`` if it is not known there."""
        from proctor.models.revision import NotThere, commit_of, file_at

        gate, file, accepted, named = self.gate, self.files.candidate, self._accepted, None
        if isinstance(gate.baseline, Revision):
            named = gate.baseline.revision
        elif isinstance(gate.baseline, Accepted) and accepted is not None:
            named = accepted.commit
        if file is None or named is None:
            return None
        try:
            content = file_at(gate.root, commit_of(gate.root, named), os.path.relpath(file, gate.root))
        except (NotThere, DataError):
            return None
        return read_predictions(Source(file, content), self._columns())

    def _anchor(self) -> PredictionSet | None:
        if Variable.A not in variables(self.gate.formula) or isinstance(self.gate.candidate, PredictionsFile):
            return None
        return self._earlier(self.life.anchor(self.gate.name) if self.life else None)

    def _earlier(self, submission: Submission | None) -> PredictionSet | None:
        """A model that took part before, run again at its commit; ``None`` where it cannot be."""
        if submission is None or submission.commit is None:
            return None
        try:
            return self.runner.earlier(submission).read()
        except DataError:
            return None

    def _columns(self) -> ColumnNames:
        candidate, numbers = self.gate.candidate, self.gate.reading.predictions
        if isinstance(candidate, PredictionsFile):
            return ColumnNames(candidate.id, candidate.prediction, numbers)
        return ColumnNames(self.gate.testset.id, numbers=numbers)


def labeled(panel: Panel, labels: Labels) -> tuple[Panel, Labels]:
    """Only the examples that have a label."""
    known = labels.is_known()
    if known.all():
        return panel, labels
    rows = np.flatnonzero(known)
    return panel.at(rows), Labels(labels.values[rows])
