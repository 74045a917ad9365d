"""
Values of the keys `candidate` and `baseline`: predictions, programs, saved models, versions that MLflow keeps.

Each kind reads one of the declarations in `contenders`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from proctor.gatefile import checks
from proctor.gatefile.contenders import Accepted, PredictionsFile, Revision
from proctor.gatefile.kinds import Choice, ListOf, Number, OneOrMore, Text, spelled
from proctor.gatefile.sections import Key, Made, OneOfSections, Section, WordOrMap
from proctor.models import uris
from proctor.models.runnable import Command, Model, Versioned


class _BaselineWord(StrEnum):
    ACCEPTED = "accepted"


def _ids(where: str = "") -> Key:
    """Left out it is empty, which nobody can write; a gate takes the test set's name for it."""
    return Key("id", Text(), f"Name of the column that holds the example's id{where}; left out: that of `testset`.", "")


def column(name: str, what: str) -> Key:
    """The key that names a column of a file, by default like itself."""
    return Key(name, Text(), f"Name of the column that holds {what}.", name)


_TIMEOUT = Key(
    "timeout",
    Number(0, 86_400, low_excluded=True),
    "Seconds until the program is stopped; left out: 600, and 20 with `inputs: sealed`, where every run takes that "
    "long, whatever the program does: the time until an outcome would tell something about the inputs.",
)

_PREDICTIONS = Section(
    (
        Key("predictions", Text(), "File of predictions: CSV, JSON Lines, NPY, NPZ or Parquet.", required=True),
        _ids(),
        column("prediction", "the prediction"),
    ),
    PredictionsFile,
)

_COMMAND = Section(
    (
        Key(
            "command",
            Text(checks.command_problem, r"\{features\}.*\{predictions\}|\{predictions\}.*\{features\}"),
            "Program that reads the file {features} and writes the file {predictions}; it never sees a label.",
            required=True,
        ),
        Key(
            "files",
            ListOf(Text()),
            "Files and folders that the program consists of: it is known by them and sees nothing else of the project; "
            "left out: every file that git tracks, so that any change to one asks anew. Needed with `inputs: sealed`.",
            (),
        ),
        _TIMEOUT,
        _ids(", in what the program writes"),
        column("prediction", "the prediction, in what the program writes"),
    ),
    Command,
)

_TRUST = Key(
    "trust",
    OneOrMore(Text()),
    "Needed for joblib and pickle: `trust: pickle`, since loading such a file runs whatever code is in it; a version "
    "that MLflow keeps is loaded by pyfunc then. For skops, types that the model may hold beside those that skops "
    "knows.",
    (),
)


def _registered(model: str, **said: Any) -> Versioned:
    return Versioned(model, **said)


def _model(model: str, files: tuple[str, ...], **said: Any) -> Model | Versioned:
    return _registered(model, **said) if uris.is_uri(model) else Model(model, files=files, **said)


_MODEL = Section(
    (
        Key(
            "model",
            Text(checks.model_problem, rf"{uris.PATTERN}|^(?!models:|runs:).*\S"),
            "File of a saved model; its ending tells the format, and `proctor docs formats` which there are. Or a "
            "version that MLflow keeps: models:/fraud/7, models:/fraud@challenger, runs:/RUN/model.",
            required=True,
        ),
        _TRUST,
        Key(
            "files",
            ListOf(Text()),
            "Files and folders that the model consists of beside its own file, such as modules that it was made with: "
            "it is known by them, and sees nothing else of the project.",
            (),
        ),
        _TIMEOUT,
    ),
    _model,
)

BASELINE = WordOrMap(
    Made(
        Choice(_BaselineWord, "{revision: main}, {model: models:/NAME@ALIAS} or {predictions: FILE}"),
        lambda _: Accepted(),
    ),
    OneOfSections(
        {
            "predictions": _PREDICTIONS,
            "revision": Section(
                (
                    Key(
                        "revision",
                        spelled(checks.REVISION, "`revision` must be a branch, tag or commit"),
                        "Branch, tag or commit of git.",
                        required=True,
                    ),
                ),
                Revision,
            ),
            "model": Section(
                (
                    Key(
                        "model",
                        Text(checks.uri_problem, uris.PATTERN),
                        "Version that MLflow keeps: models:/fraud@champion, models:/fraud/7, runs:/RUN/model.",
                        required=True,
                    ),
                    _TRUST,
                ),
                _registered,
            ),
        }
    ),
)

CANDIDATE = OneOfSections({"predictions": _PREDICTIONS, "command": _COMMAND, "model": _MODEL})
