"""Models that take part: candidate, baseline and anchor, known by what was submitted, read or run when needed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from proctor.errors import DataError, Misuse, ModelError
from proctor.frozen import dataclass, replace
from proctor.gate import fetched, predicted
from proctor.gate.dvc import Dvc
from proctor.gate.execution import Execution
from proctor.gate.growth import naming_what_grew, what_to_run
from proctor.gate.locked import LockedTestSet
from proctor.gate.owner_key import OwnerKey
from proctor.gate.predicted import ModelPredictions
from proctor.gate.prediction_store import PredictionStore
from proctor.gate.versions import Versions, is_lost
from proctor.gatefile import Accepted, Command, Fetched, Gate, Inputs, Model, PredictionsFile, Revision, Versioned
from proctor.ledger.submissions import Submission
from proctor.models import uris
from proctor.predictions import (
    Aligned,
    ColumnNames,
    PredictionSet,
    Source,
    align,
    prediction_digest,
    read_predictions,
)
from proctor.runtime import Runtime
from proctor.testset import TestSet, load

if TYPE_CHECKING:
    from proctor.models.project import Project
    from proctor.models.revision import Export
    from proctor.models.runnable import Runnable

_STORE = ".proctor/store"
_SHARE_OF_SLOT = 0.5


@dataclass(frozen=True, kw_only=True)
class ModelRunner:
    """
    Runner of models on a test set, which keeps what they predict.

    Attributes:
        commit: Commit that is judged, where known.
        owner_record: File of the private figures, where one was named; hidden from models.
    """

    gate: Gate
    testset: TestSet
    owner_key: OwnerKey
    runtime: Runtime
    versions: Versions
    commit: str | None
    owner_record: Path | None = None

    @cached_property
    def store(self) -> PredictionStore:
        """Predictions of models that took part."""
        return PredictionStore(self.gate.resolve(_STORE), self.testset, self.owner_key)

    @cached_property
    def execution(self) -> Execution:
        """Runs of models here."""
        return Execution(self.gate, self.testset, self.runtime, self.owner_record)

    def candidate(self) -> ModelPredictions:
        """The new model."""
        match self.gate.candidate:
            case PredictionsFile() as file:
                return self._from_file(file, self._source(file.predictions), self.commit)
            case Command() | Model() | Versioned() as model:
                return self._from_model(model)
            case _:
                assert_never(self.gate.candidate)

    def baseline(self, accepted: Submission | None) -> ModelPredictions | None:
        """The old model that the gate file names; *accepted* is the last accepted candidate, if there is one."""
        match self.gate.baseline:
            case Accepted():
                return self.earlier(accepted) if accepted is not None else None
            case PredictionsFile(path) as file:
                if self.gate.testset.inputs is Inputs.SEALED:
                    raise Misuse(
                        f"the inputs are sealed, so the baseline {path!r} was made by somebody who saw them",
                        hint="Compare with the accepted model, or with a revision: `baseline: {revision: main}`.",
                    )
                return self._from_file(file, self._baseline_source(file), None)
            case Revision(revision):
                return self._at(revision)
            case Versioned() as named:
                found = self._from_model(named)
                return self._at_hand(replace(found.submission, commit=None), found.read)
            case Fetched() as what:
                submission = fetched.submission_of(self.execution, what)
                return self._at_hand(submission, lambda: fetched.run(self.execution, what))
            case _:
                assert_never(self.gate.baseline)

    def _source_at(self, commit: str, revision: str, path: str) -> Source:
        """A file of predictions at the *commit* that a revision names."""
        from proctor.models.revision import NotThere

        try:
            return Source(Path(path), self._dvc.at(commit, path))
        except NotThere:
            if self.gate.resolve(path).is_dir():
                raise DataError(
                    f"the baseline is the revision {revision!r}, and {path!r} is a folder there",
                    hint="Write the predictions as one file; a folder is read where it lies, not from git.",
                ) from None
            raise _absent(revision, path) from None

    def _baseline_source(self, file: PredictionsFile) -> Source:
        if file.revision is None:
            return self._source(file.predictions)
        from proctor.models.revision import commit_of

        return self._source_at(commit_of(self.gate.root, file.revision), file.revision, file.predictions)

    def earlier(self, submission: Submission) -> ModelPredictions:
        """A model that took part before: its kept predictions, or the model itself at the commit it belongs to."""
        return predicted.earlier(self.gate, submission, self._read_earlier)

    def keep(self, submission: Submission, predictions: Aligned) -> None:
        """Keep the predictions of a model that takes part."""
        self.store.put(submission.digest, predictions.values)

    def is_at_hand(self, submission: Submission) -> bool:
        """
        True if the predictions of a model are kept here; else it will be run again.

        Raises:
            DataError: If they are not kept and cannot be made again.
        """
        if self.store.has(submission.digest):
            return True
        if is_lost(submission):
            self.store.get(submission.digest, submission.source)
            return True
        try:
            with self._as_submitted(submission):
                return False
        except DataError as error:
            raise self._gone(submission, error) from None

    def rehearse(self) -> None:
        """
        Run the candidate on the public sample, if there is one, so that honest mistakes cost nothing.

        Raises:
            ModelError: If it cannot be run there, or gives no valid predictions; nothing was spent.
            SandboxError: If sealed inputs could not be kept inside a sandbox here.
            Misuse: If the gate file opens more of the machine in it than it says.
            NotStarted: If what is opened is not here.
            MissingExtra: If the candidate's format needs a package that is not installed.
        """
        from proctor.models.formats import format_of

        self.execution.launcher()
        self.execution.opened()
        sample, declared = self.gate.testset.sample, self.gate.candidate
        if isinstance(declared, PredictionsFile):
            return
        candidate, place = self._runnable(declared)
        if isinstance(candidate, Model):
            format_of(candidate.model).require()
        if sample is None:
            return
        self.runtime.progress("running the candidate on the public sample")
        files = replace(self.testset.files, features=self._source(sample), key=b"")
        begun = self.runtime.clock()
        align(load(files).sheet(), self.execution.run(candidate, self.execution.project(candidate, place), files))
        took_s = self.runtime.clock() - begun
        if self.gate.pace is not None and took_s > _SHARE_OF_SLOT * self.gate.seconds:
            self.runtime.remark(  # while nothing is at stake
                f"the candidate took {took_s:.0f} s of {self.gate.seconds:g} s on the public sample; a model that does "
                "not end in time on the sealed inputs is charged a fail: raise `slot` in the gate file if it needs more"
            )

    def _source(self, path: str) -> Source:
        return Source(self.gate.resolve(path), fence=self.gate.guard)

    @cached_property
    def _dvc(self) -> Dvc:
        return Dvc.around(self.gate.root, self.gate.guard, self.runtime.environ)

    # --- how each kind is read ---------------------------------------------------------------------------------------

    def _from_file(self, names: PredictionsFile, file: Source, commit: str | None) -> ModelPredictions:
        """A file of predictions, known by what it says of each example, however it is written (theory.md §4.3.3)."""
        if self.gate.columns:
            return predicted.of_columns(self, names, file, commit)
        found = self.read_column(names, file)
        submission = Submission(self.digest_of(found), names.predictions, commit)
        return ModelPredictions(submission, lambda: found, found.digest)

    def read_column(self, names: PredictionsFile, file: Source, column: str | None = None) -> PredictionSet:
        """A column of a file, read as its conditions need it; the one that *names* names, where they name no other."""
        is_named = column is None or column == getattr(self.gate.candidate, "prediction", None)
        name = names.prediction if is_named or column is None else column
        columns = ColumnNames(names.id, name, self.gate.reading_on(column).predictions)
        return read_predictions(file, columns, self.testset.n_examples)

    def named(self, names: PredictionsFile, commit: str | None) -> ModelPredictions:
        """A file of predictions that the gate file does not name; `DataError` if they do not fit."""
        return self._from_file(names, Source(Path(names.predictions)), commit)

    def digest_of(self, predictions: PredictionSet, column: str | None = None) -> str:
        """
        Digest of *predictions* on this test set, whatever the order of their rows or of the test set's.

        Where the examples are locked away, the file's own ids stand for theirs: if they are others, nothing recorded
        has this digest. Without ids the file is known by its bytes there, by which only earlier versions knew one.
        """
        if isinstance(self.testset, LockedTestSet):
            ids = predictions.ids
            return predictions.digest if ids is None else prediction_digest(predictions.values, ids)
        with naming_what_grew(self.testset):
            values = align(self.testset.sheet(reading=self.gate.reading_on(column)), predictions).values
        if self.testset.ids is None:
            return prediction_digest(values[self.testset.order])
        return prediction_digest(values, self.testset.ids)

    def _from_model(self, declared: Runnable | Versioned) -> ModelPredictions:
        model, place = self._runnable(declared)
        project = self.execution.project(model, place)
        submission = Submission(project.digest, str(model), self.commit)
        return ModelPredictions(submission, lambda: self.execution.run(model, project, self.testset.files))

    def _runnable(self, declared: Runnable | Versioned) -> tuple[Runnable, Export | None]:
        """The program or model that is run, and its place if that is not in the project."""
        return self.versions.of(declared) if isinstance(declared, Versioned) else (declared, None)

    def _at(self, revision: str) -> ModelPredictions:
        """The candidate's own path at another revision of the repository."""
        from proctor.models.revision import commit_of

        candidate, commit = self.gate.candidate, commit_of(self.gate.root, revision)
        if isinstance(candidate, PredictionsFile):
            return self._from_file(candidate, self._source_at(commit, revision, candidate.predictions), commit)
        if isinstance(candidate, Versioned):
            raise Misuse(f"git has no revision {revision!r} of {candidate}", hint="Name one: `baseline: {model: URI}`.")
        found = self._digest_at(revision, commit, candidate)
        submission = Submission(found, f"{candidate} at {revision}", commit)
        return ModelPredictions(submission, lambda: self._read_earlier(submission))

    def _at_hand(self, submission: Submission, make: Callable[[], PredictionSet]) -> ModelPredictions:
        """A model that was fetched: its kept predictions, or those that *make* gives."""

        def read() -> PredictionSet:
            digest = submission.digest
            return self.store.get(digest, submission.source) if self.store.has(digest) else make()

        return ModelPredictions(submission, read, is_here=True)

    def _exported(self, commit: str, folder: Path, model: Runnable) -> Export:
        """A checkout of a *commit* below *folder*, with what DVC keeps of the model."""
        from proctor.models.revision import export
        from proctor.models.submission import needed_by

        there = export(self.gate.root, commit, folder, needed_by(model))
        kept = replace(self._dvc, root=there.root, top=there.tree)
        for path in (there.root / name for name in model.parts):
            kept.bring(path, {})
            kept.refuse_unnamed(path, commit)
        return there

    def _digest_at(self, revision: str, commit: str, model: Runnable) -> str:
        """Digest of the model as it was at the *commit* of a revision; it is not run."""
        from proctor.models.sandbox import scratch

        with scratch.folder() as folder:
            try:
                there = self._exported(commit, folder, model)
            except DataError as error:
                raise DataError(f"the baseline is the revision {revision!r}: {error.message}", error.hint) from None
            for name in model.parts:
                if not (there.root / name).exists():
                    raise _absent(revision, name)
            try:
                return self.execution.project(model, there).digest
            except ModelError as error:
                found = fetched.of_another_day(error, there.root)
                raise DataError(f"the baseline is the revision {revision!r}: {found.message}", found.hint) from None

    def _read_earlier(self, submission: Submission, column: str | None = None) -> PredictionSet:
        if (
            self.testset.is_changed
            and isinstance(self.gate.candidate, PredictionsFile)
            and not self.store.has(submission.digest)
        ):
            raise DataError(
                f"the accepted model {submission.source!r} predicted the test set before its examples were changed",
                hint=f"{what_to_run(self.testset)} Name what it predicts: `baseline: "
                "{predictions: FILE}`; the owner says that they are the baseline: `proctor testset baseline FILE`. "
                "Nothing was spent.",
            )
        if self.store.has(submission.digest) or is_lost(submission):
            return self.store.get(submission.digest, submission.source)
        try:
            return self._made_again(submission, column)
        except DataError as error:
            raise self._gone(submission, error) from None

    def _made_again(self, submission: Submission, column: str | None) -> PredictionSet:
        """The model of a commit or of a version, run again; only if it is the one that was submitted then."""
        candidate, commit = self.gate.candidate, submission.commit
        if isinstance(candidate, PredictionsFile) and commit is not None and not uris.is_uri(submission.source):
            file = Source(Path(candidate.predictions), self._dvc.at(commit, candidate.predictions))
            found = self.read_column(candidate, file, column)
            if found.digest != submission.digest:  # as earlier versions knew it
                self._must_be(submission, self.digest_of(found, column))
            return found
        with self._as_submitted(submission) as (model, project):
            return self.execution.run(model, project, self.testset.files)

    @contextlib.contextmanager
    def _as_submitted(self, submission: Submission) -> Iterator[tuple[Runnable, Project]]:
        """The model as it was where *submission* was made: as a version that MLflow keeps, or at its commit."""
        from proctor.models.sandbox import scratch
        from proctor.models.submission import former_digest

        candidate, commit = self.gate.candidate, submission.commit
        if uris.is_uri(submission.source):
            trust = candidate.trust if isinstance(candidate, Model | Versioned) else ()
            model, place = self.versions.of(Versioned(submission.source, trust, id=self.gate.testset.id))
            project = self.execution.project(model, place)
            self._must_be(submission, project.digest)
            yield model, project
            return
        if not isinstance(candidate, Command | Model) or commit is None:
            raise DataError(f"{candidate} is no model of git's, as that one was", hint="Name it: `baseline: …`")
        with scratch.folder() as folder:
            try:
                there = self._exported(commit, folder, candidate)
                project = self.execution.project(candidate, there)
            except ModelError as error:  # a file that git does not track
                raise fetched.of_another_day(error, there.root) from None
            if former_digest(candidate, there.root, there.tree) != submission.digest:
                self._must_be(submission, project.digest)
            yield candidate, project

    def _gone(self, submission: Submission, error: DataError) -> DataError:
        return DataError(
            f"the predictions of {submission.source!r} are not kept here, and cannot be made again: {error.message}",
            hint=f"{error.hint}. If it is another repository's: gates that share a test set need names of their own, "
            f"and this one is called {self.gate.name!r} (`name: …` in the gate file)",
        )

    def _must_be(self, submission: Submission, digest: str) -> None:
        if digest != submission.digest:
            raise DataError(
                f"{submission.source!r} at commit {(submission.commit or '')[:12]} is not what was submitted then",
                hint=f"Restore {_STORE} from a copy, or name predictions: `baseline: {{predictions: FILE}}`.",
            )


def _absent(revision: str, name: str) -> DataError:
    return DataError(
        f"the baseline is the revision {revision!r}, and {name!r} is not in it",
        hint="Commit it there; or compare with the model that was accepted last: `baseline: accepted`.",
    )
