"""
Forks in two levels of trust: what the untrusted job packs, and what the trusted job takes of it.

The untrusted job has no secret; it runs the fork's code, and uploads predictions, or the model where only a sandbox may
see the inputs. The trusted job reads that as hostile data and never runs anything of it outside a sandbox: of the
artifact it takes the very files that its own gate file calls the candidate, and nothing else.
"""

from __future__ import annotations

import csv
import posixpath
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from proctor.cli.workflow import terms
from proctor.cli.workflow.job import Job
from proctor.cli.workflow.terms import Choice
from proctor.errors import DataError, Misuse
from proctor.frozen import dataclass, replace
from proctor.gatefile import Command, Gate, Inputs, PredictionsFile, Revision, Sandbox
from proctor.github import artifact
from proctor.github.artifact import Artifact, Claim
from proctor.github.event import SHA
from proctor.runtime import Runtime

if TYPE_CHECKING:
    from proctor.gate.predicted import ModelPredictions
    from proctor.gate.session import Session
    from proctor.testset import TestSet

_PREDICTIONS = "predictions.csv"
_MODEL = "candidate"


@dataclass(frozen=True)
class Received:
    """An artifact that was verified, and the commit that the base branch had."""

    artifact: Artifact
    base_sha: str


def can_read_labels(gate: Gate, environ: Mapping[str, str]) -> bool:
    """True if this job has the labels in the open, or sealed and with a key."""
    from proctor.gate.owner_key import is_sealed

    labels = gate.resolve(gate.testset.labels)
    has_key = bool(environ.get("PROCTOR_KEY", "").strip()) or gate.owner.key is not None
    return labels.is_file() and (has_key or not is_sealed(labels))


# --- the untrusted job -----------------------------------------------------------------------------------------------


def pack(job: Job, gate: Gate, folder: Path, *, sends_model: bool = False) -> Path:
    """
    Put what the trusted job judges into *folder*, with a manifest.

    Args:
        job: This job; its event says which pull request and commit.
        gate: The gate file.
        folder: An empty folder, or one that does not exist yet.
        sends_model: Send the model itself though the inputs are open; sealed inputs leave no choice.

    Raises:
        Misuse: If this is no pull request, or it is not known what the candidate consists of.
        DataError: If the predictions are not well formed, or a name is not plain.
    """
    request = job.facts.pull_request
    if request is None or request.number is None:
        raise Misuse("there is no pull request to pack for", hint="Run this in a workflow `on: pull_request`.")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Misuse(f"the folder {str(folder)!r} is not empty", hint="Name a new one.")
    is_file = isinstance(gate.candidate, PredictionsFile)
    if is_file or sends_model or gate.testset.inputs is Inputs.SEALED:
        _copy_candidate(gate, folder / _MODEL)
    else:
        session, testset = _opened_alone(gate, job.runtime)
        _write_predictions(testset, session.runner_on(testset).candidate(), folder / _PREDICTIONS)
    artifact.pack(folder, Claim(request.number, job.facts.sha))
    return folder


def _copy_candidate(gate: Gate, target: Path) -> None:
    for name in _declared(gate):
        source, copy = gate.resolve(name), target / name
        if not source.exists():
            raise DataError(f"there is no {name!r}, which the gate file names as part of the candidate")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)


def _declared(gate: Gate) -> tuple[str, ...]:
    """Paths below the gate's folder that are the candidate, none of which holds anything of the gate."""
    if isinstance(gate.candidate, Command) and not gate.candidate.files:
        raise Misuse(
            "it is not declared which files the candidate consists of",
            hint="List them in the gate file: `candidate.files: [predict.py, model.bin]`.",
        )
    names = terms.paths_of(gate.candidate, gate)
    root = gate.root.resolve()
    testset = gate.testset
    own = {testset.labels, testset.features, testset.metadata, testset.sample, gate.owner.key, gate.owner.record}
    kept = [root / ".git", root / ".github", root / ".proctor", Path(gate.file).resolve()]
    kept += [gate.resolve(name).resolve() for name in own if name]
    for name in names:
        path = gate.resolve(name).resolve()
        is_inside = path.is_relative_to(root) and path != root and ".." not in PurePosixPath(name).parts
        if not is_inside or any(each.is_relative_to(path) or path.is_relative_to(each) for each in kept):
            raise Misuse(
                f"{name!r} cannot be taken from a pull request: it leads out, or holds a part of the gate itself",
                hint="Keep the candidate in files or folders of its own.",
            )
    return names


def _opened_alone(gate: Gate, runtime: Runtime) -> tuple[Session, TestSet]:
    """A gate and the examples as they lie here, whatever its books say."""
    from proctor.gate.session import Session
    from proctor.testset import load

    session = Session(gate=gate, runtime=runtime)
    return session, load(session.owner_key.files())


def _write_predictions(testset: TestSet, model: ModelPredictions, path: Path) -> None:
    """Predictions of a model, run without any label, in the order of the test set; with ids where it has them."""
    from proctor.predictions import align

    columns = {"id": testset.ids} if testset.ids else {}
    columns["prediction"] = tuple(map(str, align(testset.sheet(), model.read()).values.tolist()))
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


# --- the trusted job -------------------------------------------------------------------------------------------------


def take(job: Job, gate: Gate, path: Path) -> Received:
    """
    The artifact at *path* (a folder, or the zip file), held against what GitHub says of the run and the pull request.

    Raises:
        DataError: If anything about it is not as it should be.
        Misuse: If there is no token to ask GitHub with.
    """
    if job.client is None:
        raise Misuse("an artifact cannot be verified without a token", hint="Pass `token: ${{ github.token }}`.")
    found = _opened(path)
    known = job.facts.pull_request.number if job.facts.pull_request else None
    if known is not None and known != found.claim.pull_request:
        raise DataError(f"the artifact names pull request {found.claim.pull_request}, GitHub says {known}")
    described = job.client.pull_request(found.claim.pull_request)
    artifact.verify(found.claim, job.facts.sha, described)
    base = described.get("base")
    sha = str(base.get("sha")) if isinstance(base, Mapping) else ""
    if not SHA.fullmatch(sha):
        raise DataError("GitHub does not say what the pull request's base is")
    return Received(found, sha)


def in_trusted_job(job: Job, gate: Gate, choice: Choice, taken: Received) -> Gate:
    """
    The gate with the candidate of an artifact, compared with the base branch.

    Predictions are judged as they are; the model of the base branch is run here, as trusted as that branch.
    Anything else is put in the place of the base branch's candidate, and runs in a sandbox or not at all.
    """
    predictions = taken.artifact.files.get(_PREDICTIONS)
    if predictions is None:
        _refuse_what_the_request_does_not_hold(gate, taken.artifact)
        _put_in_place(gate, taken.artifact)
        sandboxed = replace(gate, demanded=Sandbox.REQUIRED)
        return terms.in_job(sandboxed, choice, taken.base_sha)
    if gate.testset.inputs is Inputs.SEALED or isinstance(gate.candidate, PredictionsFile):
        raise DataError(
            "the artifact holds predictions of its own making, which this gate does not take",
            hint="The untrusted job must pack with the same gate file as the trusted one.",
        )
    compared = terms.in_job(gate, choice, taken.base_sha)
    candidate = PredictionsFile(str(predictions.resolve()), "id", "prediction")
    if not isinstance(compared.baseline, Revision):
        return replace(compared, candidate=candidate)
    return replace(compared, candidate=candidate, baseline=_baseline_predictions(job, compared))


def _opened(path: Path) -> Artifact:
    if path.is_dir():
        return artifact.inspect(path)
    return artifact.unpack(path, Path(mkdtemp(prefix="proctor-artifact-")) / "files")


def _refuse_what_the_request_does_not_hold(gate: Gate, found: Artifact) -> None:
    """
    Refuse a candidate that the pull request holds otherwise: its status would speak of another model.

    Its objects are fetched as data, and nothing of it is checked out. What the untrusted job made anew, and git does
    not track, cannot be held against anything.
    """
    claim = found.claim
    commit = _fetched(gate.root, f"refs/pull/{claim.pull_request}/merge")
    if not commit or terms.ask_git(gate.root, "rev-parse", f"{commit}^2") != claim.head_sha:
        commit = _fetched(gate.root, claim.head_sha)  # it cannot be merged, or has no such ref here
    if not commit:
        raise DataError(
            f"commit {claim.head_sha} of the pull request cannot be fetched, so what was uploaded cannot be verified",
            hint="Run the job again, or look at the remote `origin` of the checkout.",
        )
    for name in _declared(gate):
        tracked = _tracked(gate.root, commit, name)
        inside = {file: path for file, path in _sent(found).items() if _is_among(file, (name,))}
        own = {file: _blob(gate.root, file, path) for file, path in inside.items()}
        if tracked and own != tracked:
            odd = min(file for file in own.keys() | tracked.keys() if own.get(file) != tracked.get(file))
            raise DataError(
                f"the uploaded {odd!r} is not the one that the pull request holds",
                hint="If the untrusted job makes it anew, take it out of git; if the base has moved on, run it again.",
            )


def _tracked(root: Path, commit: str, name: str) -> dict[str, str]:
    """Blobs of the files that a commit holds at *name*, a file or a folder below *root*; empty if there are none."""
    above, whole = (terms.name_in_git(root, each) for each in (".", name))
    entries = terms.ask_git(root, "ls-tree", "-r", "-z", commit, "--", f"./{whole}").split("\0")
    rows = (entry.partition("\t") for entry in entries)
    return {posixpath.relpath(path, above): facts.split()[2] for facts, tab, path in rows if tab}


def _blob(root: Path, name: str, path: Path) -> str:
    """The blob that a file would be if it lay at *name*."""
    return terms.ask_git(root, "hash-object", f"--path={terms.name_in_git(root, name)}", "--", str(path.resolve()))


def _fetched(root: Path, name: str) -> str:
    """The commit that is fetched from the remote by *name*; empty if there is none."""
    if not terms.git_agrees(root, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", "origin", name):
        return ""
    if SHA.fullmatch(name):
        return name
    return terms.ask_git(root, "ls-remote", "--quiet", "--", "origin", name).partition("\t")[0]


def _put_in_place(gate: Gate, found: Artifact) -> None:
    """Replace the candidate in this checkout by the artifact's, and nothing else."""
    names = _declared(gate)
    files = _sent(found)
    strangers = [name for name in found.files if not name.startswith(f"{_MODEL}/")]
    strangers += [f"{_MODEL}/{file}" for file in files if not _is_among(file, names)]
    if strangers or not files:
        odd = strangers[0] if strangers else "nothing at all"
        raise DataError(
            f"the artifact holds {odd!r}, which is not part of the candidate by the gate file of the base branch",
            hint="A pull request that changes what the candidate consists of is judged once that is merged.",
        )
    for name in names:
        path = gate.resolve(name)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name, path in files.items():
        target = gate.resolve(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _sent(found: Artifact) -> dict[str, Path]:
    """The files of a candidate, by the names that it has in the project."""
    return {name.removeprefix(f"{_MODEL}/"): path for name, path in found.files.items()}


def _is_among(name: str, declared: tuple[str, ...]) -> bool:
    return any(PurePosixPath(name).is_relative_to(PurePosixPath(each)) for each in declared)


def _baseline_predictions(job: Job, gate: Gate) -> PredictionsFile:
    """Predictions of the base branch's model, made here as a file, since the candidate comes as one."""
    session, testset = _opened_alone(gate, job.runtime)
    contestant = session.runner_on(testset).baseline(None)
    assert contestant is not None  # noqa: S101  # the baseline is a revision
    path = Path(mkdtemp(prefix="proctor-baseline-")) / _PREDICTIONS
    _write_predictions(testset, contestant, path)
    return PredictionsFile(str(path), "id", "prediction", is_given=True)
