"""
URIs of models that MLflow keeps: of a version in its registry, by number or alias, or of a run.

Grammar alone: which version has an alias is asked of the server (`proctor.runstore.artifacts`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from proctor.errors import Misuse

PATTERN = r"^(models:/[^/@:]+(/[0-9]+|@[^/@:]+)|runs:/[0-9a-zA-Z_-]+/[^/].*)$"
"""Regular expression of the whole grammar, as a schema has it."""
EXAMPLES = "Write models:/fraud/7, models:/fraud@challenger, or runs:/RUN/model."
_VERSION = re.compile(r"models:/(?P<name>[^/@:]+)(?:/(?P<version>[0-9]+)|@(?P<alias>[^/@:]+))")
_RUN = re.compile(r"runs:/(?P<run>[0-9a-zA-Z_-]+)/(?P<path>[^/].*)")


class ModelVersion(NamedTuple):
    """A version of a registered model."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"models:/{self.name}/{self.version}"


class ModelAlias(NamedTuple):
    """Whichever version of a registered model has an alias."""

    name: str
    alias: str

    def __str__(self) -> str:
        return f"models:/{self.name}@{self.alias}"


class RunModel(NamedTuple):
    """A model that a run has logged, under a path of its artifacts."""

    run: str
    path: str

    def __str__(self) -> str:
        return f"runs:/{self.run}/{self.path}"


LoggedModel = ModelVersion | RunModel


def is_uri(text: str) -> bool:
    """True if a *text* is meant as a URI of MLflow's, well formed or not; a path of a file is none."""
    return text.startswith(("models:", "runs:"))


def parse(uri: str) -> LoggedModel | ModelAlias:
    """
    The model that a *uri* names.

    Raises:
        Misuse: If it names none.

    Example:
        >>> parse("models:/fraud/7"), parse("models:/fraud@champion"), parse("runs:/4f2a/model/")
        (ModelVersion(name='fraud', version='7'), ModelAlias(name='fraud', alias='champion'), \
RunModel(run='4f2a', path='model'))
    """
    if found := _RUN.fullmatch(uri):
        return RunModel(found["run"], found["path"].rstrip("/"))
    if (found := _VERSION.fullmatch(uri)) is None:
        raise Misuse(f"{uri!r} names no version of a model, and no model of a run", hint=EXAMPLES)
    if found["alias"] is not None:
        return ModelAlias(found["name"], found["alias"])
    return ModelVersion(found["name"], found["version"])
