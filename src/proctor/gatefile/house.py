"""
Tools that run a repository's pipelines and evaluations, and the line that makes the gate a part of each.

Told by their files alone, of which none is executed; one that names this program is at home with it already.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path, PurePath
from typing import NamedTuple

from proctor.gatefile.contenders import Candidate, PredictionsFile
from proctor.gatefile.findings import log_name

_MOST_BYTES = 1 << 20
_MOST_FILES = 200


class Addition(NamedTuple):
    """
    A line to add to a file of some tool.

    Attributes:
        file: The file, relative to the folder searched.
        place: The place in it.
        line: The line.
        imports: The line of Python that it needs at the top of the file; empty if it needs none.
    """

    file: str
    place: str
    line: str
    imports: str = ""


def additions(folder: Path, candidate: Candidate) -> tuple[Addition, ...]:
    """The line to add for each tool that *folder* is made for, so that the tool asks the gate about *candidate*."""
    return (*_dvc(folder, candidate), *_mlflow(folder), *_kedro(folder), *_airflow(folder))


def is_of_kedro(folder: Path) -> bool:
    """True if *folder* is a project of Kedro."""
    return _kedro_package(folder) is not None


def _dvc(folder: Path, candidate: Candidate) -> Iterator[Addition]:
    if _is_new_to(folder / "dvc.yaml"):
        files = (candidate.predictions,) if isinstance(candidate, PredictionsFile) else candidate.parts
        needed = json.dumps([*files, "proctor.yml"], ensure_ascii=False)
        stage = (
            f"cmd: proctor check --json > proctor.json, deps: {needed}, metrics: [{{proctor.json: {{cache: false}}}}]"
        )
        yield Addition("dvc.yaml", "under stages", f"  gate: {{{stage}}}")


def _mlflow(folder: Path) -> Iterator[Addition]:
    if _is_new_to(folder / "MLproject"):
        yield Addition("MLproject", "under entry_points", "  gate: {command: proctor check}")


def _kedro(folder: Path) -> Iterator[Addition]:
    package = _kedro_package(folder)
    if package is None:
        return
    source = folder / "src" / package
    if not any(_python(source, "proctor.surfaces.kedro")):
        ours = "from proctor.surfaces.kedro import"
        has_hooks = re.search(r"^HOOKS\b", _text(source / "settings.py"), re.MULTILINE)
        place, hook = ("in HOOKS", "GateHooks(),") if has_hooks else ("at its end", "HOOKS = (GateHooks(),)")
        node = 'node(judging(), "predictions", "verdict", tags="gate")'
        yield Addition(f"src/{package}/settings.py", place, hook, f"{ours} GateHooks")
        yield Addition(_pipeline(folder, source), "among the nodes", node, f"{ours} judging")


def _kedro_package(folder: Path) -> str | None:
    try:
        package = tomllib.loads(_text(folder / "pyproject.toml"))["tool"]["kedro"]["package_name"]
    except (ValueError, KeyError, TypeError):
        return None
    return package if isinstance(package, str) and package.isidentifier() else None


def _pipeline(folder: Path, source: Path) -> str:
    """The file that makes the pipeline, or the one that registers it."""
    making = next(_python(source / "pipelines", "create_pipeline"), source / "pipeline_registry.py")
    return making.relative_to(folder).as_posix()


def _airflow(folder: Path) -> Iterator[Addition]:
    dags = list(_python(folder / "dags", "airflow"))
    if dags and not any(_python(folder / "dags", "proctor")):
        where = json.dumps(str(folder.resolve() / "proctor.yml"))
        task = f'ProctorCheckOperator(task_id="gate", gate={where}, fails_task=True)'
        name = dags[0].relative_to(folder).as_posix()
        yield Addition(
            name, "before what the gate guards", task, "from proctor.surfaces.airflow import ProctorCheckOperator"
        )


def _python(folder: Path, word: str) -> Iterator[Path]:
    """Files of Python below *folder* with a *word* in them."""
    paths = sorted(islice(folder.rglob("*.py"), _MOST_FILES)) if folder.is_dir() else ()
    return (path for path in paths if word in _text(path))


def _is_new_to(file: Path) -> bool:
    """True if *file* is there and does not name this program."""
    return file.is_file() and "proctor" not in _text(file)


def _text(file: Path) -> str:
    """The beginning of a file; nothing if it cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def latest_logs(paths: Iterable[str]) -> tuple[str, str] | None:
    """The newest log in *paths* and the one before it of the same task, by their names; ``None`` if no task has two."""
    dated = ((found, path) for path in paths if (found := log_name(PurePath(path).name)) is not None)
    runs: dict[tuple[str, str], list[str]] = {}
    for name, path in sorted(dated, reverse=True):
        runs.setdefault((name.tool, name.task), []).append(path)
    return next(((newer, older) for newer, older, *_ in (each for each in runs.values() if len(each) > 1)), None)
