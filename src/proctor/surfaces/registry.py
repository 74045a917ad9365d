"""
A model that MLflow keeps: fetched by its URI, judged by its files, tagged, and given an alias if it passes.

The registry has no compare-and-set, so the alias is looked at before the judging, again before it is moved, and once
more afterwards. It is moved only from a version that the candidate was compared with: no verdict against another one
moves it. What the registry says changes no verdict.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from proctor import service
from proctor.errors import Misuse
from proctor.gatefile import Command, Fetched, Gate, Model
from proctor.models.uris import LoggedModel, ModelAlias, ModelVersion, parse
from proctor.release import Release, Verdict
from proctor.runstore import artifacts
from proctor.runstore.artifacts import reaching
from proctor.runstore.rest import Connection
from proctor.runtime import Runtime

_LONGEST_TAG = 500


class Judged(NamedTuple):
    """
    Verdict on a model.

    Attributes:
        version: Number of the version that was judged; of a run, its id.
        release: All that was released.
        holds: True if the alias is that version's now; where no alias was asked for, if it is the accepted model.
    """

    version: str
    release: Release
    holds: bool


def judge_version(
    uri: str,
    alias: str | None,
    gate: Gate | str | Path = ".",
    runtime: Runtime | None = None,
    *,
    folder: str = "model",
    baseline: str | None = None,
    makes_alias: bool = False,
) -> Judged:
    """
    Judge a model by its files, tag its version or run with the verdict, and on a pass move the alias to the version.

    Args:
        uri: ``models:/fraud/7``, ``models:/fraud@challenger`` or ``runs:/RUN/model``.
        alias: Alias that the best version holds, such as ``champion``; ``None`` to move none, as with a run.
        gate: The gate file, or its folder; its candidate is made of what lies in *folder*.
        runtime: Environment, with MLflow's own variables.
        folder: Folder beside the gate file, into which the files are put; what was there goes.
        baseline: Model that the candidate is compared with, by its URI; ``None`` for the gate file's baseline.
        makes_alias: True to make the alias if no version has it yet; else it may be misspelled.

    Raises:
        Misuse: If a URI or the gate file is not usable, or the alias is held by another version than the baseline, or
            by none.
        StoreError: If the server refuses or does not answer, or the alias was moved by somebody else meanwhile.
        ProctorError: Whatever stops the gate.
    """
    found = gate if isinstance(gate, Gate) else service.load_gate(str(gate))
    runtime = runtime or Runtime()
    _refuse_without(folder, found)
    url = found.runstore.url if found.runstore is not None else None
    with (
        artifacts.connected(url, runtime) as connection,
        tempfile.TemporaryDirectory(prefix="proctor-baseline-") as place,
    ):
        with reaching("Nothing was spent; run the same command again when it answers."):
            model = artifacts.resolve(connection, uri)
            before = _holder(connection, model, alias, makes_alias)
            old = _baseline(connection, baseline, before, alias) if baseline is not None else None
            if before is not None and before != model:
                _refuse_strange(connection, before, old, found, runtime)
            artifacts.fetch(connection, model, found.resolve(folder))
            if old is not None:
                files = Path(place) / "files"
                artifacts.fetch(connection, old, files)
                found = replace(found, baseline=Fetched(str(old), folder, files))
        release = service.check(found, runtime)
        stands = release.verdict is Verdict.PASS and service.is_accepted(found, release.entry, runtime)
        with reaching("The verdict stands, and the same question is free: run the same command again."):
            artifacts.tag(connection, model, _tags(release))
            if stands and alias is not None and isinstance(model, ModelVersion) and before != model:
                artifacts.move(connection, alias, before.version if before else None, model)
        return Judged(model.version if isinstance(model, ModelVersion) else model.run, release, stands)


def _holder(connection: Connection, model: LoggedModel, alias: str | None, makes_alias: bool) -> ModelVersion | None:
    """The version that has the alias of *model*; ``None`` if there is none, and it may be made."""
    if alias is None:
        return None
    if not isinstance(model, ModelVersion):
        raise Misuse(
            f"{model} is no registered version, and nothing else can hold the alias {alias!r}",
            hint="Register it, and name its version; or ask for no alias.",
        )
    version = artifacts.holder(connection, model.name, alias)
    if version is None and not makes_alias:
        advice = "Spell it as the registry does; or have it made: `--new-alias` of the example, or `makes_alias=True`."
        raise artifacts.no_holder(model.name, alias, f"{advice} Nothing was spent.")
    return ModelVersion(model.name, version) if version is not None else None


def _baseline(connection: Connection, uri: str, holder: ModelVersion | None, alias: str | None) -> LoggedModel:
    """The model of a *uri*; where it names the alias itself, the version that was found to hold it."""
    named = parse(uri)
    is_holder = holder is not None and isinstance(named, ModelAlias) and named == (holder.name, alias)
    return holder if holder is not None and is_holder else artifacts.resolve(connection, uri)


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


def _refuse_strange(
    connection: Connection, holder: ModelVersion, baseline: LoggedModel | None, gate: Gate, runtime: Runtime
) -> None:
    """Refuse to move the alias from another version than the one that is compared with."""
    if baseline is not None:
        if baseline != holder:
            raise Misuse(
                f"the alias is held by version {holder.version}, and the baseline is {baseline}",
                hint=f"Compare with the version that holds it: {holder}. Nothing was spent.",
            )
        return
    entry = artifacts.entry_of(connection, holder)
    if entry is None or not service.is_accepted(gate, entry, runtime):
        raise Misuse(
            f"the alias is held by version {holder.version}, which is not the model that this gate accepted last",
            hint=f"Judge that one first, or name it as the baseline: {holder}. Nothing was spent.",
        )


def _tags(release: Release) -> dict[str, str]:
    said = {
        "verdict": release.verdict.value,
        "reason": release.meaning[:_LONGEST_TAG],
        "entry": str(release.entry),
        "ledger_head": release.ledger_head,
        "testset": release.testset.fingerprint,
    }
    return {f"proctor.{key}": value for key, value in said.items()}
