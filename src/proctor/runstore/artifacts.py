"""
Files of models that a tracking server keeps, found by URI: of a version in the registry, or of a run.

An alias is looked up once, so what is fetched, judged and tagged is one version, whoever moves the alias meanwhile.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import requests

from proctor.errors import Misuse, StoreError
from proctor.models import uris
from proctor.models.uris import LoggedModel, ModelAlias, ModelVersion, RunModel
from proctor.runstore.rest import Connection, StoreRefused, StoreUnreachable
from proctor.runstore.settings import from_environ
from proctor.runtime import Runtime

SERVER = "MLFLOW_TRACKING_URI"
"""Variable of MLflow's that names the server, where no gate file does."""
_KEPT_BY_SERVER = "mlflow-artifacts:"
_ABSENT = "RESOURCE_DOES_NOT_EXIST"


@contextlib.contextmanager
def connected(url: str | None, runtime: Runtime) -> Iterator[Connection]:
    """
    A connection to the server that keeps the models.

    Args:
        url: Address of the gate file's run store; ``None`` for the one in ``MLFLOW_TRACKING_URI``.
        runtime: Environment, with MLflow's own variables.

    Raises:
        Misuse: If neither names a server.
    """
    named = runtime.environ.get(SERVER, "").strip()
    if not url and not named.startswith(("http://", "https://")):
        raise Misuse(
            f"{SERVER} is not the address of a server" if named else "no server of MLflow is named",
            hint=f"Say `runstore: http://…` in the gate file, or set {SERVER} to such an address.",
        )
    with requests.Session() as session:
        yield Connection(from_environ(url or named, runtime.environ), session, runtime.pause)


@contextlib.contextmanager
def reaching(advice: str) -> Iterator[None]:
    """Say what has become of the question where the server refuses or does not answer."""
    try:
        yield
    except StoreRefused as error:
        raise StoreRefused(error.message, error.hint or advice, error.code) from None
    except StoreUnreachable as error:
        raise StoreError(error.message.replace("did not take the result", "does not answer"), hint=advice) from None


def resolve(connection: Connection, uri: str) -> LoggedModel:
    """
    The model that a *uri* names now.

    Raises:
        Misuse: If it names none, or no version has the alias.
        StoreError: If the server refuses or does not answer.
    """
    named = uris.parse(uri)
    if not isinstance(named, ModelAlias):
        return named
    version = holder(connection, *named)
    if version is None:
        raise no_holder(*named, "Spell it as the registry does; or name a version, or give one the alias.")
    return ModelVersion(named.name, version)


def holder(connection: Connection, name: str, alias: str) -> str | None:
    """The version of a model that has an *alias*; ``None`` if none has."""
    try:
        answer = connection.get("registered-models/alias", {"name": name, "alias": alias})
    except StoreRefused as error:
        if error.code == _ABSENT or "alias" in error.message.lower():
            return None
        raise
    return str(answer["model_version"]["version"])


def no_holder(name: str, alias: str, advice: str) -> Misuse:
    """Error where no version of a model has an *alias*."""
    return Misuse(f"no version of the model {name!r} has the alias {alias!r}", hint=advice)


def fetch(connection: Connection, model: LoggedModel, folder: Path) -> None:
    """
    Put the files of a *model* into *folder*, in place of what was there, once all of them have arrived.

    Raises:
        Misuse: If they lie where the server does not hand them out.
        StoreError: If there are none, or the server refuses or does not answer.
    """
    place = _place(connection, model)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".model-") as draft:
        files = Path(draft) / "files"
        _fetch(connection, place, files)
        if not any(files.iterdir()):
            raise StoreError(f"{model} has no files on the server", hint="Log the model once more, or name another.")
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.is_dir():
            shutil.rmtree(folder)
        files.rename(folder)


def _place(connection: Connection, model: LoggedModel) -> str:
    """Path of a model's files below the server's root of artifacts."""
    match model:
        case ModelVersion(name, version):
            query = {"name": name, "version": version}
            return _below_root(model, str(connection.get("model-versions/get-download-uri", query)["artifact_uri"]))
        case RunModel(run, path):
            answer = connection.get("runs/get", {"run_id": run})["run"]
            logged = [str(each["model_id"]) for each in (answer.get("outputs") or {}).get("model_outputs", [])]
            for facts in (connection.get(f"logged-models/{quote(each)}", {})["model"]["info"] for each in logged):
                if facts.get("name") == path:  # MLflow 3 keeps it beside the run
                    return _below_root(model, str(facts["artifact_uri"]))
            return f"{_below_root(model, str(answer['info']['artifact_uri']))}/{path}"


def _below_root(model: LoggedModel, uri: str) -> str:
    if not uri.startswith(_KEPT_BY_SERVER):
        raise Misuse(
            f"the files of {model} lie at {uri!r}, which the server does not hand out",
            hint="Fetch them by `mlflow artifacts download`, and run `proctor check`.",
        )
    return uri.removeprefix(_KEPT_BY_SERVER).lstrip("/")


def _fetch(connection: Connection, place: str, target: Path) -> None:
    target.mkdir()
    for file in connection.artifacts(place):
        name = PurePosixPath(str(file["path"])).name
        if name in ("", ".", ".."):
            raise StoreError(f"the server names a file {file['path']!r}", hint="Nothing was asked of the gate.")
        if file.get("is_dir"):
            _fetch(connection, f"{place}/{name}", target / name)
        else:
            (target / name).write_bytes(connection.artifact(f"{place}/{quote(name)}"))


def entry_of(connection: Connection, model: ModelVersion) -> int | None:
    """The entry of the ledger that a version's tag names."""
    answer = connection.get("model-versions/get", {"name": model.name, "version": model.version})
    tags: list[dict[str, Any]] = answer["model_version"].get("tags", [])
    said = next((str(tag["value"]) for tag in tags if tag["key"] == "proctor.entry"), "")
    return int(said) if said.isdecimal() else None


def tag(connection: Connection, model: LoggedModel, tags: dict[str, str]) -> None:
    """Say *tags* of a version, or of the run of a model."""
    for key, value in tags.items():
        match model:
            case ModelVersion(name, version):
                body = {"name": name, "version": version, "key": key, "value": value}
                connection.post("model-versions/set-tag", body)
            case RunModel(run):
                connection.post("runs/set-tag", {"run_id": run, "key": key, "value": value})


def move(connection: Connection, alias: str, before: str | None, model: ModelVersion) -> None:
    """
    Move *alias* to a version.

    Raises:
        StoreError: If it is not at *before* any more, or not at *model* afterwards.
    """
    name, version = model
    if (now := holder(connection, name, alias)) == before:
        connection.post("registered-models/alias", {"name": name, "alias": alias, "version": version})
        if (now := holder(connection, name, alias)) == version:
            return
    raise StoreError(
        f"somebody else moved the alias {alias!r} meanwhile: it is at version {now}, and was at {before}",
        hint=f"The verdict on version {version} stands; see who moves the alias beside the gate.",
    )
