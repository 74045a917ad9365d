"""
Files in a folder that a gate file could name: labels, features, predictions, models, scripts, logs.

Told by headers and names alone; no row is read, no model is loaded, nothing is executed.
A guess that is wrong costs the user one edit, so the rules are few; training data is left out, since an exam on it
proves nothing.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path, PurePath
from typing import NamedTuple

from proctor.errors import MissingExtra
from proctor.models.formats import FORMATS
from proctor.predictions.tables import TEXTS, is_index

_SKIPPED = frozenset({"node_modules", "__pycache__", "build", "dist", "venv", "env", "site-packages"})
_DEPTH, _MOST_FILES = 3, 2_000
_HEADER_BYTES = 65_536
_TABLES = {*TEXTS} | {".parquet", ".arrow", ".feather", ".npz", ".npy"} | {f"{suffix}.gz" for suffix in TEXTS}
_MODELS = frozenset(suffix for each in FORMATS for suffix in each.suffixes) - {".json", ".txt"}  # may be anything
_DATE = r"(?P<date>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[\d.+-]*)"
_LOGS = {
    "Inspect": re.compile(rf"{_DATE}_(?P<task>.+)_[^_]+\.eval"),
    "lm-evaluation-harness": re.compile(rf"samples_(?P<task>.+)_{_DATE}\.jsonl"),
}
_SCRIPT = re.compile(r"(predict|infer|inference|run_model)\.(py|sh|R|jl)")

_ID = re.compile(r"(ex(ample)?_?|row_?|sample_?|text_?|image_?|doc_?|u)?id|idx|index|key", re.IGNORECASE)
_LABEL = re.compile(r"labels?|targets?|y|y_?true|truth|gold|class|answer", re.IGNORECASE)
_PREDICTION = re.compile(r"pred(iction|icted)?s?|y_?(pred|hat)", re.IGNORECASE)
_WORDS = re.compile(r"[a-z]+")
_NEW = frozenset({"new", "candidate", "current"})
_OLD = frozenset({"old", "baseline", "base", "previous", "prev", "production"})


class Role(StrEnum):
    """Role that a file is good for."""

    LABELS = "labels"
    FEATURES = "features"
    PREDICTIONS = "predictions"
    MODEL = "model"
    SCRIPT = "script"
    LOG = "log"


class Found(NamedTuple):
    """
    One file.

    Attributes:
        path: Relative to the folder searched, with forward slashes.
        role: What it is good for.
        id: Name of its column of ids; ``None`` if it has none that could be told.
        value: Name of its column of labels or predictions; ``None`` if it has none that could be told.
        holds_more: Whether a file of labels has further columns, which a model must then not be shown.
    """

    path: str
    role: Role
    id: str | None = None
    value: str | None = None
    holds_more: bool = False

    @property
    def words(self) -> frozenset[str]:
        """The words of the path, by which it is ranked."""
        return _words(self.path)


class LogName(NamedTuple):
    """
    Facts in the name that a tool gave a log.

    Attributes:
        date: When the run began; dates are in the order of time.
        tool: The tool.
        task: What was run.
    """

    date: str
    tool: str
    task: str


def log_name(name: str) -> LogName | None:
    """Facts in the *name* of a log; ``None`` if it is none that a tool gives."""
    matched = ((tool, pattern.fullmatch(name)) for tool, pattern in _LOGS.items())
    return next((LogName(found["date"], tool, found["task"]) for tool, found in matched if found), None)


def search(folder: Path) -> tuple[Found, ...]:
    """Every file in *folder*, three levels deep, that could play a role; the likeliest of each role first."""
    found = [guess for path in _files(folder) if (guess := _guess(folder, path)) is not None]
    return tuple(sorted(found, key=lambda one: (-_likelihood(one), one.path.count("/"), one.path)))


def of_role(found: tuple[Found, ...], role: Role) -> tuple[Found, ...]:
    """Findings that play one role."""
    return tuple(one for one in found if one.role is role)


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        tables = [name for name in folders if Path(name).suffix.lower() == ".parquet"]  # in parts, as Spark writes them
        folders[:] = sorted(name for name in folders if depth < _DEPTH and not _is_skipped(name) and name not in tables)
        for name in sorted((*names, *tables)):
            count += 1
            if count > _MOST_FILES:
                return
            if not name.startswith("."):
                yield Path(place) / name


def _is_skipped(folder: str) -> bool:
    return folder.startswith(".") or folder in _SKIPPED


def _guess(folder: Path, file: Path) -> Found | None:
    if file.suffix == ".dvc":  # a pointer counts as what it stands for
        file = file.with_suffix("")
        if file.exists():
            return None
    path = file.relative_to(folder).as_posix()
    suffix = _ending(file)
    words = _words(path)
    if suffix in _MODELS:
        return Found(path, Role.MODEL)
    if _SCRIPT.fullmatch(file.name):
        return Found(path, Role.SCRIPT)
    if log_name(file.name):
        return Found(path, Role.LOG)
    if suffix not in _TABLES or words & {"train", "training", "dev", "valid", "validation"}:
        return None
    return _guess_table(path, _columns(file), words)


def _guess_table(path: str, columns: tuple[str, ...], words: frozenset[str]) -> Found | None:
    if any(_ID.fullmatch(name) and name.lower() != "index" for name in columns):
        columns = tuple(name for place, name in enumerate(columns) if not is_index(name, place))
    ids = next((name for name in columns if _ID.fullmatch(name)), None)
    label = next((name for name in columns if _LABEL.fullmatch(name)), None)
    prediction = next((name for name in columns if _PREDICTION.fullmatch(name)), None)
    if prediction or (not label and words & {"pred", "preds", "prediction", "predictions"}):
        return Found(path, Role.PREDICTIONS, ids, prediction)
    if not columns and words & (_NEW | _OLD):  # one array, as np.save writes it
        return Found(path, Role.PREDICTIONS)
    if label or words & {"label", "labels", "gold", "truth", "targets"}:
        return Found(path, Role.LABELS, ids, label, holds_more=len(columns) > len({ids, label} - {None}))
    if (ids and len(columns) > 1) or words & {"feature", "features", "inputs"}:
        return Found(path, Role.FEATURES, ids)
    return None


def _words(path: str) -> frozenset[str]:
    return frozenset(_WORDS.findall(path.lower()))


def _likelihood(found: Found) -> int:
    """Test-set data and candidates before all else; old and sample files last."""
    words = found.words
    testset = 2 * bool(words & {"exam", "test", "testset", "heldout", "holdout", "eval"})
    new = 2 * bool(words & _NEW)
    return testset + new - 3 * is_old(found) - bool(words & {"sample", "example", "examples", "tests"})


def is_old(found: Found) -> bool:
    """True if the name says that it belongs to the baseline."""
    return bool(found.words & _OLD)


def _columns(file: Path) -> tuple[str, ...]:
    """Names of the columns, or nothing if they cannot be told cheaply."""
    try:
        match _ending(file).removesuffix(".gz"):
            case ".csv":
                return _header(file, ",")
            case ".tsv":
                return _header(file, "\t")
            case ".jsonl" | ".ndjson":
                return _first_keys(file)
            case ".npz":
                with zipfile.ZipFile(file) as archive:
                    return tuple(PurePath(name).stem for name in archive.namelist())
            case ".parquet" | ".arrow" | ".feather" as ending:
                return _arrow_names(file, ending)
            case _:
                return ()
    except (OSError, EOFError, ValueError, RecursionError, zlib.error, csv.Error, zipfile.BadZipFile):
        return ()


def _ending(file: Path) -> str:
    """The ending that names the format, with that of packing."""
    name = file.name.lower()
    return Path(name.removesuffix(".gz")).suffix + (".gz" if name.endswith(".gz") else "")


def _first_line(file: Path) -> str:
    with gzip.open(file) if file.name.lower().endswith(".gz") else file.open("rb") as stream:
        return stream.readline(_HEADER_BYTES).decode("utf-8-sig")


def _header(file: Path, separator: str) -> tuple[str, ...]:
    row = next(csv.reader([_first_line(file)], delimiter=separator), [])
    return tuple(name.strip() for name in row)


def _first_keys(file: Path) -> tuple[str, ...]:
    row = json.loads(_first_line(file))
    return tuple(row) if isinstance(row, dict) else ()


def _arrow_names(file: Path, ending: str) -> tuple[str, ...]:
    try:
        from proctor.predictions import arrow, parquet
    except MissingExtra:
        return ()
    return parquet.names(file) if ending == ".parquet" else arrow.names(file)
