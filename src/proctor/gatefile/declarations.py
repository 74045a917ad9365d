"""
Declarations of a gate file, as the rest of the program receives them: plain frozen data, already checked.

Paths are kept as the user wrote them, for messages; `Gate.resolve` gives the place on disk, relative to the folder of
the gate file. Nothing here opens a file, and nothing knows YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from proctor import conditions
from proctor.conditions import Formula
from proctor.counting.reading import Reading, of_labels
from proctor.errors import GateFileError
from proctor.files import Fence
from proctor.frozen import dataclass, field, fields
from proctor.gatefile.contenders import Accepted, Baseline, Candidate, PredictionsFile
from proctor.gatefile.feedback import Feedback, VerdictOnly
from proctor.gatefile.isolation import Isolation, Sandbox
from proctor.gatefile.named import NamedCondition, by_column, names_their_own
from proctor.gatefile.policy import Policy
from proctor.gatefile.recipients import Notify, Owner, RunStoreTarget
from proctor.gatefile.slot import DEFAULT_SLOT_S, DEFAULT_TIMEOUT_S, Slot
from proctor.methods import reading_of
from proctor.runtime import OWN_FOLDER

_SEALED = ".sealed"
_CLOSED = (".git", OWN_FOLDER)


class Inputs(StrEnum):
    """Exposure of the inputs of the test set: who has seen them (theory.md §1)."""

    OPEN = "open"
    SEALED = "sealed"


class Repeats(StrEnum):
    """Meaning of several rows for one example in a file of predictions."""

    AVERAGE = "average"


class Engine(StrEnum):
    """Program that counts labels and predictions which are not read into memory."""

    DUCKDB = "duckdb"
    SPARK = "spark"


class First(StrEnum):
    """Treatment of the first candidate when there is no baseline (theory.md §5)."""

    ACCEPT = "accept"
    JUDGE = "judge"


class Labeling(StrEnum):
    """Way in which labels that are missing are bought (theory.md §3.10)."""

    ALL = "all"
    """Everything that the condition needs, at once."""
    SEQUENTIAL = "sequential"
    """One batch after the other, in the order fixed at registration, until the outcome is decided."""
    SAMPLED = "sampled"
    """Of differences in metrics of one class: those of disagreements, and of a random share of the rest."""


# --- data and models -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TestSetSource:
    """
    Place of the test set.

    Attributes:
        labels: File of the labels, sealed or not.
        features: File of what a model is shown; ``None`` where predictions come as files.
        metadata: File of columns for slices and clusters that no model is shown; ``None`` where there is none.
        id: Name of the column of example ids, in every file.
        label: Name of the column of labels.
        name: What people call it.
        sample: File of a few public examples, on which a candidate is tried first.
        inputs: Who has seen the inputs.
        classes: Every label that may occur, as text; ``None`` for those that do occur.
        cluster: Name of the column of features or metadata that tells whose each example is; all examples of one are
            one observation. ``None`` where each example is one.
        repeats: Meaning of several predictions for one example; ``None`` where there must be one.
        engine: Program that counts labels and predictions as tables; ``None`` where they are read whole.
    """

    __test__ = False  # not a test case

    labels: str
    features: str | None = None
    metadata: str | None = None
    id: str = "id"
    label: str = "label"
    name: str | None = None
    sample: str | None = None
    inputs: Inputs = Inputs.OPEN
    classes: tuple[str, ...] | None = None
    cluster: str | None = None
    repeats: Repeats | None = None
    engine: Engine | None = None


class DevelopmentFiles(NamedTuple):
    """
    Development data: examples with labels that everybody may look at, and what the models predict on them.

    Attributes:
        labels: File of their labels.
        features: File of what a model is shown; ``None`` where predictions on them come as files.
        candidate: File of the new model's predictions on them; ``None`` to run it.
        baseline: File of the old model's predictions on them; ``None`` to run it, or to take the candidate's file of
            its commit.
    """

    labels: str
    features: str | None = None
    candidate: str | None = None
    baseline: str | None = None


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Gate(Policy):
    """
    A complete gate file.

    Attributes:
        name: What this gate is called in results; tells several in one repository apart.
        root: Folder of the gate file, which every path in it starts from.
        file: The gate file's path as the user gave it.
        testset: The test set.
        candidate: The new model.
        first: What the first candidate gets.
        baseline: The old model.
        ledger: Path, ``postgresql://…`` or ``git:REMOTE/BRANCH``, as written.
        runstore: Tracking server; ``None`` for none.
        sandbox: Isolation asked for, and what is opened in it.
        demanded: How much isolation whoever runs the gate demands, whatever its file asks for; ``None`` for no more.
        feedback: What is released beside the verdict.
        slot: Time of a run on sealed inputs, as declared; ``None`` if nothing was said.
        owner: The owner's files.
        notify: Who is told that a fresh test set is needed.
        development: Development data; ``None`` if none are named.
        labels: How labels that are missing are bought.
        metrics: Functions of the owner by name, with the distributions that have them.
    """

    name: str
    root: Path
    file: str
    testset: TestSetSource
    candidate: Candidate
    first: First = First.ACCEPT
    baseline: Baseline = field(default_factory=Accepted)
    ledger: str = ".proctor/ledger.db"
    runstore: RunStoreTarget | None = None
    sandbox: Isolation = field(default_factory=Isolation)
    demanded: Sandbox | None = None
    feedback: Feedback = field(default_factory=VerdictOnly)
    slot: Slot | None = None
    owner: Owner = field(default_factory=Owner)
    notify: Notify = field(default_factory=Notify)
    development: DevelopmentFiles | None = None
    labels: Labeling = Labeling.ALL
    metrics: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.testset.inputs is Inputs.SEALED and isinstance(self.candidate, PredictionsFile):
            message = f"the inputs are sealed, so `{self.candidate.predictions}` was made by somebody who saw them"
            raise GateFileError(message, hint="Name a `command:` or a `model:`; it is run in the sandbox.")

    def read(self, condition: str) -> Formula:
        """The clauses of a *condition* in normal form, as they are judged here."""
        found = super().read(condition)
        return conditions.sampled(found) if self.labels is Labeling.SAMPLED else found

    @cached_property
    def reading(self) -> Reading:
        """Way in which the files of predictions and labels are read; of several columns, what holds for them all."""
        return self.reading_on(None) if not self.columns else of_labels(map(self.reading_on, self.columns))

    @cached_property
    def columns(self) -> Mapping[str, Formula]:
        """Conditions asked of each column of predictions, where conditions name their own; empty where all read one."""
        if not isinstance(self.candidate, PredictionsFile) or not names_their_own(self.named):
            return {}
        return {name: self.read(text) for name, text in by_column(self.named, self.candidate.prediction).items()}

    def column_of(self, part: NamedCondition | None) -> str | None:
        """Column that a condition reads; ``None`` where all read one, or all are asked at once."""
        if part is None or not self.columns or not isinstance(self.candidate, PredictionsFile):
            return None
        return part.prediction or self.candidate.prediction

    def formula_on(self, column: str | None) -> Formula:
        """All that is asked of a column, or, without one, all that is asked."""
        return self.formula if column is None else self.columns[column]

    def reading_on(self, column: str | None) -> Reading:
        """Way in which a column of predictions is read; without one, the only column."""
        found = reading_of(self.formula_on(column))
        return found if self.testset.repeats is None else found.averaged()

    @property
    def cluster(self) -> str | None:
        """Name of the column whose values are one observation each; ``None`` where each example is one."""
        return self.testset.cluster

    @property
    def feedback_bits(self) -> float:
        """The most that one evaluation's feedback costs beside its verdict."""
        return self.feedback.most_bits + (self.pace.most_bits if self.pace else 0.0)

    @property
    def pace(self) -> Slot | None:
        """The time that a run takes on sealed inputs: what is declared, else the candidate's `timeout`, else 20 s."""
        if self.testset.inputs is not Inputs.SEALED:
            return None
        seconds = self.candidate.timeout
        return self.slot or Slot(DEFAULT_SLOT_S if seconds is None else seconds)

    @property
    def notes_on_time(self) -> tuple[str, ...]:
        """Notes on what an outcome costs in time, for whoever plans; nothing on open inputs."""
        return self.pace.notes if self.pace else ()

    @property
    def seconds(self) -> float:
        """Seconds after which a model is stopped."""
        if self.pace is not None:
            return self.pace.longest_s
        return DEFAULT_TIMEOUT_S if self.candidate.timeout is None else self.candidate.timeout

    @property
    def isolation(self) -> Isolation:
        """Isolation of models here."""
        return self.sandbox._replace(tier=self.demanded) if self.demanded else self.sandbox

    @cached_property
    def fence(self) -> Fence:
        """Fence that no link of the project may lead out of."""
        return Fence.around(self.root)

    def resolve(self, path: str) -> Path:
        """
        Place on disk of a path of this gate file.

        Raises:
            DataError: If a link of the project leads out of it there.
        """
        return self.fence.resolve(path)

    @cached_property
    def guard(self) -> Fence:
        """The fence of what others than the owner may see: none of it is, by whatever name, a file of the owner's."""
        testset, owner = self.testset, self.owner
        named = [name for name in (testset.labels, testset.features, owner.key, owner.record) if name]
        twins = [name.removesuffix(_SEALED) for name in named if name.endswith(_SEALED)]
        own = [name for name in named if name != testset.features or name == testset.labels]
        return self.fence.keeping(*(self.root / Path(name).expanduser() for name in own + twins), closed=_CLOSED)

    @cached_property
    def guard_of_features(self) -> Fence:
        """The same for the features, which may be declared to stand in the file of labels: a model gets no label."""
        if self.testset.features != self.testset.labels:
            return self.guard
        labels = self.root / Path(self.testset.labels).expanduser()
        return self.guard._replace(kept=tuple(path for path in self.guard.kept if path != labels))


@dataclass(frozen=True, kw_only=True)
class PaperScript(Policy):
    """
    The ``ml:`` section of ease.ml/ci (Renggli et al. 2019), which names no test set and no model.

    Attributes:
        name: What this gate is called in results.
        root: Folder of the file.
        file: The file's path as the user gave it.
        script: The developers' test script; kept for display and never run, since it would hold the labels.
    """

    name: str
    root: Path
    file: str
    script: str | None = None

    def with_files(self, testset: TestSetSource, candidate: Candidate, baseline: Baseline) -> Gate:
        """The gate that this script becomes once it is told what to judge; paths are relative to its folder."""
        policy = {each.name: getattr(self, each.name) for each in fields(Policy)}
        return Gate(
            **policy,
            name=self.name,
            root=self.root,
            file=self.file,
            testset=testset,
            candidate=candidate,
            baseline=baseline,
        )
