"""
From a runnable model and a file of features to its predictions.

The model runs in a child process that is given a copy of the features and a folder to write to; labels, ledger and
keys are neither in its arguments nor in its environment, and in a sandbox not in its sight. What it writes is checked
like any other file of predictions.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from proctor.errors import DataError, Misuse, ModelError
from proctor.models.child import Finished, Job, Launcher, Limits, PlainLauncher, scrubbed_environment
from proctor.models.sandbox import excluding, scratch
from proctor.models.submission import FEATURES, PREDICTIONS, Command, Runnable, SavedEstimator
from proctor.predictions.submitted import ColumnNames, PredictionSet, read_predictions
from proctor.predictions.tables import NO_ARRAY, Source

_MOST_BYTES = 1 << 30
_TAIL_LINES = 12
_CHILD = Path(__file__).with_name("estimator_child.py")


@dataclass(frozen=True)
class Place:
    """
    Where and how a model is run.

    Args:
        root: Folder of the gate file; the model starts there.
        folder: A private folder for this run alone (`sandbox.scratch.folder`), which holds the copy of the features.
        launcher: Isolation.
        limits: What it may use up.
        environment: The gate's own environment; a short list of it is handed on.
        hidden: Labels, ledger, keys: what no sandbox may show, though it lies below *root*.
        most_bytes: Size of the predictions beyond which they are not read into the gate's memory; > 0.

    """

    root: Path
    folder: Path
    launcher: Launcher = field(default_factory=PlainLauncher)
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[Path, ...] = ()
    most_bytes: int = _MOST_BYTES


@dataclass(frozen=True)
class Ran:
    """
    A run that went well.

    Attributes:
        predictions: What came out, not aligned yet.
        tier: Isolation that it ran under.

    """

    predictions: PredictionSet
    tier: str


def run(model: Runnable, features: Path, place: Place, digest: str) -> Ran:
    """
    Run *model* on the copy of the *features* and read what it writes.

    Args:
        model: The model.
        features: The copy (`proctor.testset.write_features`), inside ``place.folder``.
        place: Where and how.
        digest: Digest of what was submitted; the predictions carry it.

    Raises:
        ModelError: If it cannot be started, crashes, runs out of time, or writes nothing usable.
        Misuse: If it is a pickle that is not trusted, or a command without ``{predictions}``.

    """
    home, out = place.folder / "home", place.folder / "out"
    for folder in (home, out):
        folder.mkdir(mode=0o700, exist_ok=True)
    target = out / ("predictions.csv" if isinstance(model, Command) else "predictions.npz")
    names = model.names if isinstance(model, Command) else ColumnNames(id=model.id)
    environment = scrubbed_environment(place.environment, home)
    job = Job(
        argv=_argv(model, features, target, place.root),
        cwd=place.root,
        environment=environment | {"PATH": _search_path(environment.get("PATH", os.defpath))},
        readable=(*excluding([place.root], place.hidden), features),
        writable=(out, home),
        limits=replace(place.limits, file_bytes=place.limits.file_bytes or _MOST_BYTES),
    )
    finished = place.launcher.run(job)
    _check_end(model, finished, place.limits.seconds)
    found = _read(model, target, names, place.most_bytes)
    return Ran(replace(found, digest=digest, source=str(model)), finished.tier)


def _search_path(path: str) -> str:
    """
    Where programs are looked for: as in the gate's environment, and beside the gate's own interpreter.

    That one comes first where `python` is no program but a shim of pyenv or asdf, which finds nothing in a sandbox.
    """
    own = str(Path(sys.executable).parent)
    found = shutil.which("python", path=path)
    is_shim = found is not None and Path(found).parent.name == "shims"
    return os.pathsep.join([own, path] if is_shim else [path, own])


def _argv(model: Runnable, features: Path, target: Path, root: Path) -> tuple[str, ...]:
    match model:
        case Command():
            return tuple(
                word.replace(FEATURES, str(features)).replace(PREDICTIONS, str(target)) for word in model.words()
            )
        case SavedEstimator():
            if not model.trusts_pickle:
                raise Misuse(
                    f"{model.path!r} can run any code when it is loaded",
                    hint="if you trust whoever made it, say so beside `model:` in the gate file: `trust: pickle`",
                )
            if not (root / model.path).is_file():
                raise ModelError(f"there is no model {str(root / model.path)!r}", hint="check `candidate.model`")
            # -P: the folder of the script is not searched for modules, which would hide others of the same name.
            arguments = (str(root / model.path), str(features), str(target), model.id)
            return (sys.executable, "-P", str(_CHILD), *arguments)
        case _:
            assert_never(model)


def _check_end(model: Runnable, finished: Finished, seconds: float) -> None:
    if finished.timed_out:
        raise ModelError(
            f"{str(model)!r} did not finish within {seconds:g} seconds and was ended" + _tail(finished),
            hint="make it faster, or raise `timeout` of the candidate",
        )
    if finished.returncode:
        raise ModelError(
            f"{str(model)!r} {_how_it_ended(finished.returncode)}" + _tail(finished),
            hint="run it by hand on a file of features; the sandbox has no network and few files; nothing was spent",
        )


def _how_it_ended(returncode: int) -> str:
    if returncode > 0:
        return f"ended with exit code {returncode}"
    try:
        return f"was ended by the signal {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was ended by the signal {-returncode}"


def _tail(finished: Finished) -> str:
    """Its last lines, set off so that no terminal or CI system takes them for a command of ours."""
    lines = ["".join(c if c.isprintable() else " " for c in line) for line in finished.output_tail.splitlines()]
    return "".join(f"\n  | {line[:200]}" for line in lines[-_TAIL_LINES:])


def _read(model: Runnable, target: Path, names: ColumnNames, most_bytes: int) -> PredictionSet:
    if not os.path.lexists(target):
        raise ModelError(
            f"{str(model)!r} ended well but wrote no predictions",
            hint=f"write them to the path given as {PREDICTIONS}, as CSV with the column {names.prediction!r}",
        )
    content = scratch.take(target, most_bytes)
    if _unpacked_bytes(content) > most_bytes:
        raise ModelError(f"what {str(model)!r} wrote unpacks to more than {most_bytes} bytes")
    try:
        return read_predictions(Source(Path(target.name), content), names)
    except DataError as error:
        raise ModelError(f"what {str(model)!r} wrote cannot be used: {error.message}", hint=error.hint) from error


def _unpacked_bytes(content: bytes) -> int:
    """What an NPZ file says that it unpacks to, and no more is read from one; 0 for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(member.file_size for member in archive.infolist())
    except NO_ARRAY:  # whoever reads it says so
        return 0
