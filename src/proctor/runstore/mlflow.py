"""
Writes records to an MLflow tracking server, over its REST interface.

Sending is idempotent: a run is found again by its evaluation, and one that was cut off half-way is completed.
Nothing here decides what is public; see `records`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import requests

from proctor.errors import DomainError
from proctor.release import Release
from proctor.runstore import records
from proctor.runstore.records import EVALUATION, Point, Record
from proctor.runstore.rest import Connection, StoreRefused
from proctor.runstore.settings import EXPERIMENT, Settings

COMPLETE = "proctor.complete"
_METRICS_AT_ONCE = 900
"""A server takes 1,000 metrics, params and tags in one request, of them at most 100 params and 100 tags."""


class RunReference(NamedTuple):
    """
    A run in the store.

    Attributes:
        run_id: Identifier of the run.
        url: Address of its page.
        remarks: What could not be stored as wished, each a sentence.
    """

    run_id: str
    url: str
    remarks: tuple[str, ...] = ()


def send(
    entry: Record, settings: Settings, session: requests.Session, sleep: Callable[[float], None] = time.sleep
) -> RunReference:
    """
    Make sure that *entry* stands in the store, whole and once.

    Raises:
        StoreUnreachable: If the store does not answer, after all repetitions; send it again later.
        StoreRefused: If the store does not accept it.
    """
    store = Connection(settings, session, sleep)
    experiment = _experiment(store) or _new_experiment(store)
    return _write(store, experiment, entry)


def record_private(
    figures: Mapping[str, float | str],
    release: Release,
    settings: Settings,
    session: requests.Session,
    public_experiment: str = EXPERIMENT,
) -> RunReference:
    """
    Write the owner's *figures* of the evaluation behind *release* to a second, restricted experiment.

    The experiment is not created here: one made by a robot could be read by everybody.

    Args:
        figures: Numbers become metrics, texts become params.
        release: The evaluation they belong to.
        settings: Like those of `send`, with the restricted experiment's name and the owner's credentials.
        session: The HTTP session.
        public_experiment: Name of the experiment that developers read.

    Raises:
        DomainError: If the two experiments are the same.
        StoreRefused: If the experiment does not exist, or is not open to these credentials.
    """
    if settings.experiment == public_experiment:
        raise DomainError(
            f"private figures do not belong in the experiment {settings.experiment!r}, which developers read",
            hint="Name another experiment that only the owner of the test set can read.",
        )
    store = Connection(settings, session)
    experiment = _experiment(store)
    if experiment is None:
        raise StoreRefused(
            f"there is no experiment {settings.experiment!r} for the owner's figures",
            hint="Create it and take away everybody else's right to read it; proctor does not create it for you.",
        )
    return _write(store, experiment, _private_record(figures, release))


def _private_record(figures: Mapping[str, float | str], release: Release) -> Record:
    public = records.describe(release)
    texts = {key: value for key, value in figures.items() if isinstance(value, str)}
    numbers = {key: float(value) for key, value in figures.items() if not isinstance(value, str)}
    metrics = tuple(Point(key, value, public.at_ms, release.step) for key, value in numbers.items())
    keep = ("step", "entry", "testset", "commit", "condition")
    return replace(
        public,
        params={key: public.params[key] for key in keep if key in public.params} | texts,
        tags={EVALUATION: public.tags[EVALUATION], "proctor.private": "true"},
        metrics=metrics,
    )


# --- experiments -----------------------------------------------------------------------------------------------------


def _experiment(store: Connection) -> str | None:
    """Identifier of the experiment, or ``None`` if there is none."""
    name = store.settings.experiment
    try:
        experiment = store.get("experiments/get-by-name", {"experiment_name": name})["experiment"]
    except StoreRefused as error:
        if error.code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    if experiment.get("lifecycle_stage") == "deleted":
        raise StoreRefused(
            f"the experiment {name!r} is in the store's trash",
            hint="Restore it (`mlflow experiments restore`), or name another one in MLFLOW_EXPERIMENT_NAME.",
        )
    return str(experiment["experiment_id"])


def _new_experiment(store: Connection) -> str:
    """Identifier of the experiment just made, by us or by somebody who was faster."""
    try:
        return str(store.post("experiments/create", {"name": store.settings.experiment})["experiment_id"])
    except StoreRefused as error:
        if error.code == "RESOURCE_ALREADY_EXISTS" and (experiment := _experiment(store)):
            return experiment
        raise


# --- runs ------------------------------------------------------------------------------------------------------------


def _write(store: Connection, experiment: str, entry: Record) -> RunReference:
    run = _found(store, experiment, entry) or _created(store, experiment, entry)
    run_id = str(run["info"]["run_id"])
    url = f"{store.settings.url}/#/experiments/{experiment}/runs/{run_id}"
    if _pairs(run, "tags").get(COMPLETE):
        return RunReference(run_id, url)
    _log(store, run_id, entry, written=_pairs(run, "params"))
    remarks = _upload(store, str(run["info"].get("artifact_uri", "")), entry.artifacts)
    store.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": entry.at_ms})
    # Last, so that whatever is cut off before is completed by the next try.
    store.post("runs/set-tag", {"run_id": run_id, "key": COMPLETE, "value": " ".join(remarks) or "true"})
    return RunReference(run_id, url, remarks)


def _found(store: Connection, experiment: str, entry: Record) -> dict[str, Any] | None:
    """The run of this evaluation; the same one for everybody, should there be several."""
    value = entry.evaluation.replace("\\", "\\\\").replace("'", "\\'")
    body = {
        "experiment_ids": [experiment],
        "filter": f"tags.`{EVALUATION}` = '{value}'",
        "max_results": 50,
    }
    runs: list[dict[str, Any]] = store.post("runs/search", body).get("runs", [])
    return min(runs, key=lambda run: str(run["info"]["run_id"]), default=None)


def _created(store: Connection, experiment: str, entry: Record) -> dict[str, Any]:
    body = {
        "experiment_id": experiment,
        "start_time": entry.at_ms,
        "run_name": entry.name,
        "tags": [{"key": EVALUATION, "value": entry.evaluation}],
    }
    created: dict[str, Any] = store.post("runs/create", body)["run"]
    # The store has no compare-and-set: if somebody else created it meanwhile, one of the two steps aside.
    winner = _found(store, experiment, entry) or created
    own = str(created["info"]["run_id"])
    if str(winner["info"]["run_id"]) != own:
        store.post("runs/delete-tag", {"run_id": own, "key": EVALUATION})
        store.post("runs/set-tag", {"run_id": own, "key": "proctor.superseded_by", "value": winner["info"]["run_id"]})
        store.post("runs/update", {"run_id": own, "status": "KILLED", "end_time": entry.at_ms})
    return winner


def _log(store: Connection, run_id: str, entry: Record, written: Mapping[str, str]) -> None:
    """
    Params, tags and metrics of a run.

    Params can be written once only; those that already stand are left out, because a repeated answer
    (same evaluation, later commit) may word them differently. Equal metrics are kept once by the server.
    """
    missing = {key: value for key, value in entry.params.items() if key not in written}
    store.post("runs/log-batch", {"run_id": run_id, "params": _listed(missing), "tags": _listed(entry.tags)})
    for start in range(0, len(entry.metrics), _METRICS_AT_ONCE):
        points = [
            {"key": each.key, "value": each.value, "timestamp": each.at_ms, "step": each.step}
            for each in entry.metrics[start : start + _METRICS_AT_ONCE]
        ]
        store.post("runs/log-batch", {"run_id": run_id, "metrics": points})


def _upload(store: Connection, artifact_uri: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    parts = urlsplit(artifact_uri)
    if texts and parts.scheme != "mlflow-artifacts":
        return ("The report was not stored: this server takes no artifacts (start it with --artifacts-destination).",)
    for name, text in texts.items():
        store.put_artifact(quote(f"{parts.path.strip('/')}/{name}"), text)
    return ()


def _pairs(run: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {str(pair["key"]): str(pair["value"]) for pair in run.get("data", {}).get(kind, [])}


def _listed(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]
