"""
A version of a model in MLflow's registry: fetched, judged by its files, tagged, and given an alias if it passes.

The registry has no compare-and-set, so the alias is looked at before the judging, again before it is moved, and once
more afterwards. It is moved only from a version that is the gate's accepted model: no verdict against another one
moves it. What the registry says changes no verdict.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

import requests

from proctor import service
from proctor.errors import Misuse, StoreError
from proctor.gatefile import Command, Gate, Model
from proctor.release import Release, Verdict
from proctor.runstore.rest import Connection, StoreRefused
from proctor.runstore.settings import from_environ
from proctor.runtime import Runtime

_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>[0-9]+)|@(?P<alias>[^/@]+))")
_KEPT_BY_SERVER = "mlflow-artifacts:"
_LONGEST_TAG = 500
_ABSENT = "RESOURCE_DOES_NOT_EXIST"


class Judged(NamedTuple):
    """Verdict on a version of a model: *holds* is true if the alias is that version's now."""

    version: str
    release: Release
    holds: bool


def judge_version(
    uri: str,
    alias: str,
    gate: Gate | str | Path = ".",
    runtime: Runtime | None = None,
    *,
    folder: str = "model",
) -> Judged:
    """
    Judge a registered version by its files, tag it with the verdict, and on a pass move the alias to it.

    Args:
        uri: ``models:/fraud/7`` or ``models:/fraud@challenger``.
        alias: Alias that the best version holds, such as ``champion``.
        gate: The gate file, or its folder; its candidate is made of what lies in *folder*.
        runtime: Environment, with MLflow's own variables.
        folder: Folder beside the gate file, into which the version's files are put; what was there goes.

    Raises:
        Misuse: If the URI or the gate file is not usable, or the alias is held by a version that this gate has not
            accepted.
        StoreError: If the server refuses or does not answer, or the alias was moved by somebody else meanwhile.
        ProctorError: Whatever stops the gate.
    """
    found = gate if isinstance(gate, Gate) else service.load_gate(str(gate))
    runtime = runtime or Runtime()
    _refuse_without(folder, found)
    name, version, named = _parts(uri)
    address = found.runstore.url if found.runstore is not None else runtime.environ.get("MLFLOW_TRACKING_URI", "")
    with requests.Session() as session:
        registry = _Registry(Connection(from_environ(address, runtime.environ), session, runtime.pause), name)
        version = version or registry.holder(named)
        if version is None:
            raise Misuse(f"no version of the model {name!r} has the alias {named!r}", hint="Name a version, or set it.")
        before = registry.holder(alias)
        if before is not None and before != version:
            _refuse_strange(registry, before, alias, found, runtime)
        registry.fetch(version, found.resolve(folder))
        release = service.check(found, runtime)
        registry.tag(version, release)
        stands = release.verdict is Verdict.PASS and service.is_accepted(found, release.entry, runtime)
        if stands and before != version:
            registry.move(alias, before, version)
        return Judged(version, release, stands)


def _parts(uri: str) -> tuple[str, str | None, str]:
    found = _URI.fullmatch(uri)
    if found is None:
        raise Misuse(f"{uri!r} names no version of a model", hint="Write models:/fraud/7, or models:/fraud@challenger.")
    return found["name"], found["version"], found["alias"] or ""


def _refuse_without(folder: str, gate: Gate) -> None:
    """Refuse a gate that would judge something else than what is fetched."""
    candidate = gate.candidate
    path = candidate.model if isinstance(candidate, Model) else ""
    files = candidate.files if isinstance(candidate, Command | Model) else ()
    if not any(PurePosixPath(each).is_relative_to(folder) for each in (path, *files) if each):
        raise Misuse(
            f"the candidate of {gate.file} has nothing in {folder!r}, where the version's files are put",
            hint=f"Say `candidate: {{model: {folder}/model.skops}}`, or `files: [predict.py, {folder}]` of a command.",
        )


def _refuse_strange(registry: _Registry, holder: str, alias: str, gate: Gate, runtime: Runtime) -> None:
    """Refuse to compare with another model than the one that has the alias."""
    entry = registry.entry(holder)
    if entry is None or not service.is_accepted(gate, entry, runtime):
        raise Misuse(
            f"the alias {alias!r} is held by version {holder}, which is not the model that this gate accepted last",
            hint=f"Judge that one first: models:/{registry.name}@{alias}. Nothing was spent.",
        )


class _Registry:
    """
    One registered model.

    Args:
        connection: The server.
        name: Name of the model.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    def holder(self, alias: str) -> str | None:
        """The version that has an *alias*; ``None`` if none has."""
        try:
            answer = self._connection.get("registered-models/alias", {"name": self.name, "alias": alias})
        except StoreRefused as error:
            if error.code == _ABSENT or "alias" in error.message.lower():
                return None
            raise
        return str(answer["model_version"]["version"])

    def entry(self, version: str) -> int | None:
        """The entry of the ledger that a version's tag names."""
        answer = self._connection.get("model-versions/get", {"name": self.name, "version": version})
        tags: list[dict[str, Any]] = answer["model_version"].get("tags", [])
        said = next((str(tag["value"]) for tag in tags if tag["key"] == "proctor.entry"), "")
        return int(said) if said.isdecimal() else None

    def fetch(self, version: str, folder: Path) -> None:
        """Put the files of a version into *folder*, in place of what was there, once all of them have arrived."""
        query = {"name": self.name, "version": version}
        uri = str(self._connection.get("model-versions/get-download-uri", query)["artifact_uri"])
        if not uri.startswith(_KEPT_BY_SERVER):
            raise Misuse(
                f"the files of version {version} lie at {uri!r}, which the server does not hand out",
                hint=f"Fetch them into {str(folder)!r} by `mlflow artifacts download`, and run `proctor check`.",
            )
        top = uri.removeprefix(_KEPT_BY_SERVER).lstrip("/")
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".model-") as draft:
            files = Path(draft) / "files"
            self._fetch(top, files)
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
            elif folder.is_dir():
                shutil.rmtree(folder)
            files.rename(folder)

    def _fetch(self, place: str, target: Path) -> None:
        target.mkdir()
        for file in self._connection.artifacts(place):
            name = PurePosixPath(str(file["path"])).name
            if name in ("", ".", ".."):
                raise StoreError(f"the server names a file {file['path']!r}", hint="Nothing was asked of the gate.")
            if file.get("is_dir"):
                self._fetch(f"{place}/{name}", target / name)
            else:
                (target / name).write_bytes(self._connection.artifact(f"{place}/{quote(name)}"))

    def tag(self, version: str, release: Release) -> None:
        """Say on a version what was released."""
        said = {
            "verdict": release.verdict.value,
            "reason": release.meaning[:_LONGEST_TAG],
            "entry": str(release.entry),
            "ledger_head": release.ledger_head,
            "testset": release.testset.fingerprint,
        }
        for key, value in said.items():
            body = {"name": self.name, "version": version, "key": f"proctor.{key}", "value": value}
            self._connection.post("model-versions/set-tag", body)

    def move(self, alias: str, before: str | None, version: str) -> None:
        """
        Move *alias* to a version.

        Raises:
            StoreError: If it is not at *before* any more, or not at *version* afterwards.
        """
        if (now := self.holder(alias)) == before:
            self._connection.post("registered-models/alias", {"name": self.name, "alias": alias, "version": version})
            if (now := self.holder(alias)) == version:
                return
        raise StoreError(
            f"somebody else moved the alias {alias!r} meanwhile: it is at version {now}, and was at {before}",
            hint=f"The verdict on version {version} stands; see who moves the alias beside the gate.",
        )
