"""
Predictions of a model on a file of features.

The model runs in a child process, in a copy of what it consists of (`proctor.models.project`), and is given a copy of
the features and a folder to write to; labels, ledger and keys are neither in its arguments nor in its environment, and
in a sandbox not in its sight. What it writes is checked like any other file of predictions.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, assert_never

from proctor.counting.reading import Numbers, Rankings
from proctor.errors import DataError, Misuse, ModelError
from proctor.frozen import dataclass, field, replace
from proctor.models import environments
from proctor.models.child import Finished, Job, Launcher, Limits, PlainLauncher, scrubbed_environment
from proctor.models.formats import format_of
from proctor.models.project import Project
from proctor.models.runnable import FEATURES, PREDICTIONS, Command, Model, Runnable
from proctor.models.sandbox import scratch
from proctor.models.sandbox.openings import Openings
from proctor.predictions.arrays import NO_ARRAY
from proctor.predictions.submitted import ColumnNames, PredictionSet, read_predictions
from proctor.predictions.tables import Source
from proctor.text import printable

_MOST_BYTES = 1 << 30
_TAIL_LINES = 12
_CHILD = Path(__file__).with_name("formats") / "child.py"
_NO_POOLS = (
    "This sandbox is Landlock, which has no shared semaphores: a pool of processes fails in it. Install bubblewrap, "
    "which has them, or let the program work without a pool. "
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """
    Place in which a model is run, and how.

    Args:
        root: Folder of the gate file on this machine, in which environments of its own lie; absolute.
        stage: A fresh private folder for this run alone (`sandbox.scratch.folder`): the copy of the model lies there.
        folder: Another one, in memory where inputs are sealed: it holds the copy of the features.
        environment: The gate's own environment; a short list of it is handed on.
        hidden: Labels, ledger, keys: no folder is opened to the model that holds one of these.
        opened: What the owner opens in the sandbox beyond what every model may use.
        most_bytes: Size of the predictions beyond which they are not read into the gate's memory; > 0.
    """

    root: Path
    stage: Path
    folder: Path
    launcher: Launcher = field(default_factory=PlainLauncher)
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[Path, ...] = ()
    opened: Openings = field(default_factory=Openings)
    most_bytes: int = _MOST_BYTES


class Ran(NamedTuple):
    """
    A run that went well.

    Attributes:
        predictions: What came out, not aligned yet.
        said: The last lines that it printed, fit to be shown; empty if it was quiet.
    """

    predictions: PredictionSet
    tier: str
    said: tuple[str, ...] = ()


def run(
    model: Runnable, project: Project, features: Path, place: Place, numbers: Numbers | Rankings | None = None
) -> Ran:
    """
    Run *model* on the copy of the *features* and read what it writes.

    Args:
        model: The model.
        project: What it consists of; its predictions carry the digest.
        features: The copy (`proctor.testset.write_features`), inside ``place.folder``.
        place: Where and how.
        numbers: Numbers or rankings that it predicts; ``None`` if they are classes.

    Raises:
        NotStarted: If its program did not begin to run.
        ModelError: If it crashes, runs out of time, or writes nothing usable.
        DataError: If what it consists of has changed since its digest was made.
        Misuse: If it is a pickle that is not trusted, or a command without ``{predictions}``.
        MissingExtra: If its format needs a package that is not installed.
    """
    start = project.copy(place.stage)
    home, out = place.folder / "home", place.folder / "out"
    for folder in (home, out):
        folder.mkdir(mode=0o700, exist_ok=True)
    target = out / ("predictions.csv" if isinstance(model, Command) else "predictions.npz")
    environment = scrubbed_environment(place.environment, home)
    environment |= {"PATH": _search_path(environment.get("PATH", os.defpath))}
    argv = _with_own_program(_argv(model, features, target, start), place.root, start)
    job = Job(
        argv=argv,
        cwd=start,
        environment=environment,
        readable=(place.stage, features, *_runtimes(model, argv[0], environment, place), *place.opened.folders),
        writable=(out, home),
        devices=place.opened.devices,
        limits=place.limits._replace(file_bytes=place.limits.file_bytes or _MOST_BYTES),
    )
    finished = place.launcher.run(job)
    _check_end(model, finished, project, place)
    names = ColumnNames(model.id, model.prediction) if isinstance(model, Command) else ColumnNames(id=model.id)
    found = _read(model, target, names._replace(numbers=numbers), place.most_bytes)
    return Ran(replace(found, digest=project.digest, source=str(model)), finished.tier, _lines(finished))


def _search_path(path: str) -> str:
    """
    Folders where programs are looked for: those of the gate's environment, and beside the gate's own interpreter.

    That one comes first where `python` is no program but a shim of pyenv or asdf, which finds nothing in a sandbox.
    """
    own = str(Path(sys.executable).parent)
    found = shutil.which("python", path=path)
    is_shim = found is not None and Path(found).parent.name == "shims"
    return os.pathsep.join([own, path] if is_shim else [path, own])


def _argv(model: Runnable, features: Path, target: Path, start: Path) -> tuple[str, ...]:
    match model:
        case Command():
            return tuple(
                word.replace(FEATURES, str(features)).replace(PREDICTIONS, str(target)) for word in model.words()
            )
        case Model():
            its_format = format_of(model.model)
            its_format.require()
            if problem := its_format.problem(model.trust):
                raise Misuse(f"{model.model!r} is not loaded: {problem}")
            # -P: the folder of the script is not searched for modules, which would hide others of the same name.
            arguments = (str(start / model.model), str(features), str(target), model.id, *model.trust)
            return (sys.executable, "-P", str(_CHILD), *arguments)
        case _:
            assert_never(model)


def _with_own_program(argv: tuple[str, ...], root: Path, start: Path) -> tuple[str, ...]:
    """
    *argv*, with the place on this machine of a program that belongs to an environment in the gate's folder.

    An environment is the machine's, and no copy of it is made: `.venv/bin/python` stays where it is.
    """
    program = root / argv[0]
    is_environments = os.sep in argv[0] and environments.environment_of(program) is not None
    return (str(program), *argv[1:]) if is_environments and not os.path.lexists(start / argv[0]) else argv


def _runtimes(model: Runnable, name: str, environment: Mapping[str, str], place: Place) -> tuple[Path, ...]:
    """Files that the program and the variables that it is given need of the machine, beyond the system's own."""
    secrets = (place.root, *place.hidden)
    found = name if os.path.isabs(name) else None  # noqa: PTH117  # a word
    if os.sep not in name:  # a path belongs to the project, where a link opens nothing of the machine
        found = shutil.which(name, path=environment["PATH"])
    of_program = environments.of_program(Path(found), secrets) if found else ()
    # What runs a saved model is a program of ours.
    of_package = environments.of_package(secrets) if isinstance(model, Model) else ()
    return (*of_program, *of_package, *environments.of_variables(environment, secrets))


def _check_end(model: Runnable, finished: Finished, project: Project, place: Place) -> None:
    if finished.timed_out:
        raise ModelError(
            f"{str(model)!r} did not finish within {place.limits.seconds:g} seconds and was ended" + _tail(finished),
            hint="Make it faster, or raise `timeout` of the candidate",
        )
    if finished.returncode:
        needs_pool = re.search("semaphore|semlock|sem_open", finished.output_tail, re.IGNORECASE)
        tier = _NO_POOLS if finished.tier == "landlock" and needs_pool else ""
        missing = _left_out(finished.output_tail, project, place.root)
        raise ModelError(
            f"{str(model)!r} {_how_it_ended(finished.returncode)}" + _tail(finished),
            hint=f"{missing}{tier}Run it by hand on a file of features, in a copy of the files that it consists of: it "
            "sees no others, and has no network. Nothing was spent.",
        )


def _left_out(said: str, project: Project, root: Path) -> str:
    """Advice on a file that the program missed and that lies in the gate's folder all the same."""
    dotted = re.findall(r"No module named '([\w.]+)'", said)
    modules = [f"{name.replace('.', os.sep)}{end}" for name in dotted for end in (".py", "")]
    copied = {part.name for part in project.parts}
    for name in (*re.findall(r"[\"'`]([^\"'`\n]{1,200})[\"'`]", said), *modules):
        inside = os.path.normpath(os.path.join(project.place, name))  # noqa: PTH118  # a name, not a file
        if not os.path.isabs(name) and inside not in copied and os.path.exists(root / name):  # noqa: PTH110, PTH117
            return (
                f"{name!r} lies there and is not among the files of the model, so it is neither known by it nor seen "
                "by it: declare it in `candidate.files`, or commit it. "
            )
    return ""


def _how_it_ended(returncode: int) -> str:
    if returncode > 0:
        return f"ended with exit code {returncode}"
    try:
        return f"was ended by the signal {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was ended by the signal {-returncode}"


def _lines(finished: Finished) -> tuple[str, ...]:
    """Its last lines, without anything that a terminal would obey."""
    lines = [printable(line) for line in finished.output_tail.splitlines()]
    return tuple(line[:200] for line in lines[-_TAIL_LINES:])


def _tail(finished: Finished) -> str:
    """Its last lines, set off so that no terminal or CI system takes them for a command of ours."""
    return "".join(f"\n  | {line}" for line in _lines(finished))


def _read(model: Runnable, target: Path, names: ColumnNames, most_bytes: int) -> PredictionSet:
    if not os.path.lexists(target):
        raise ModelError(
            f"{str(model)!r} ended well but wrote no predictions",
            hint=f"Write them to the path given as {PREDICTIONS}, as CSV with the column {names.prediction!r}",
        )
    content = scratch.take(target, most_bytes)
    if _unpacked_bytes(content) > most_bytes:
        raise ModelError(f"what {str(model)!r} wrote unpacks to more than {most_bytes} bytes")
    try:
        return read_predictions(Source(Path(target.name), content), names)
    except DataError as error:
        raise ModelError(f"what {str(model)!r} wrote cannot be used: {error.message}", hint=error.hint) from error


def _unpacked_bytes(content: bytes) -> int:
    """The size that an NPZ file says it unpacks to, and no more is read from one; 0 for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(member.file_size for member in archive.infolist())
    except NO_ARRAY:  # whoever reads it says so
        return 0
