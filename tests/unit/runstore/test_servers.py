"""The run store against real MLflow servers: SQLite, PostgreSQL, basic authentication."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests
from reports.samples import make_history, make_release

from proctor.runstore import mlflow, records
from proctor.runstore.records import EVALUATION
from proctor.runstore.rest import StoreRefused, StoreUnreachable
from proctor.runstore.settings import Password, Settings, from_environ

from .mlflow import ADMIN_PASSWORD

pytestmark = pytest.mark.slow
API = "/api/2.0/mlflow/"


def run_of(settings, session, run_id, auth=None):
    answer = session.get(f"{settings.url}{API}runs/get", params={"run_id": run_id}, auth=auth, timeout=10)
    answer.raise_for_status()
    return answer.json()["run"]


def pairs(run, kind):
    return {pair["key"]: pair["value"] for pair in run["data"][kind]}


def search(settings, session, text, auth=None):
    experiment = session.get(
        f"{settings.url}{API}experiments/get-by-name",
        params={"experiment_name": settings.experiment},
        auth=auth,
        timeout=10,
    ).json()["experiment"]["experiment_id"]
    body = {"experiment_ids": [experiment], "filter": text}
    return session.post(f"{settings.url}{API}runs/search", json=body, auth=auth, timeout=10).json().get("runs", [])


@pytest.fixture(params=["sqlite_store", "postgresql_store"])
def settings(request):
    """Settings for an experiment of this test's own."""
    return Settings(url=request.getfixturevalue(request.param), experiment=f"gate {request.node.name}")


def test_send__full_record_stands_in_the_store(settings, session):
    """Params, tags, metrics, a chartable history and the report are there as they were described."""
    release = make_release(gate="gate ünï 'quoted'")
    entry = records.describe(release, make_history(), {"report.json": '{"ü": 1}', "report.md": "# PASS"})

    reference = mlflow.send(entry, settings, session)

    run = run_of(settings, session, reference.run_id)
    assert "FINISHED" == run["info"]["status"]
    assert entry.name == run["info"]["run_name"]
    assert dict(entry.params) == pairs(run, "params")
    assert entry.tags.items() <= pairs(run, "tags").items()
    assert 7.7 == pairs(run, "metrics")["leakage_bits"]
    history = session.get(
        f"{settings.url}{API}metrics/get-history",
        params={"run_id": reference.run_id, "metric_key": "log_budget"},
        timeout=10,
    ).json()["metrics"]
    assert list(range(1, 10)) == [point["step"] for point in history]
    report = session.get(
        f"{settings.url}/get-artifact", params={"path": "report.json", "run_uuid": reference.run_id}, timeout=10
    )
    assert '{"ü": 1}' == report.content.decode()
    assert session.get(reference.url, timeout=10).ok


def test_send__twice_is_one_run(settings, session):
    """The same evaluation sent again, even differently worded, is the same run, unchanged."""
    release = make_release()
    first = mlflow.send(records.describe(release), settings, session)
    before = run_of(settings, session, first.run_id)

    second = mlflow.send(
        records.describe(replace(release, replayed=True, version="0.2.0", commit="f" * 40)), settings, session
    )

    assert first == second
    assert before == run_of(settings, session, first.run_id)
    assert 1 == len(search(settings, session, f"tags.`{EVALUATION}` = '{records.describe(release).evaluation}'"))


def test_send__half_written_run_is_completed(settings, session):
    """Whatever request was the last one to arrive, the next try leaves the same whole run."""
    entry = records.describe(make_release(), make_history(), {"report.json": "{}"})

    class Dies(requests.Session):
        def __init__(self, after):
            super().__init__()
            self.left = after

        def request(self, *args, **kwargs):
            self.left -= 1
            if self.left < 0:
                raise requests.ConnectionError("gone")
            return super().request(*args, **kwargs)

    for after in range(7):
        with Dies(after) as dying, pytest.raises(StoreUnreachable):
            mlflow.send(entry, replace(settings, retries=0), dying)
    reference = mlflow.send(entry, settings, session)

    run = run_of(settings, session, reference.run_id)
    assert dict(entry.params) == pairs(run, "params")
    assert entry.tags.items() <= pairs(run, "tags").items()
    assert "FINISHED" == run["info"]["status"]
    assert 1 == len(search(settings, session, "attributes.status = 'FINISHED'"))


def test_send__long_values_are_whole_in_artifacts(settings, session):
    """A condition longer than the server's silent limit is cut with a word about it, and stored whole beside it."""
    release = make_release(condition="n > 0.5 /\\ " * 800 + "n > 0.5", meaning="so " * 4000)

    reference = mlflow.send(records.describe(release), settings, session)

    run = run_of(settings, session, reference.run_id)
    assert records.LONGEST_PARAM == len(pairs(run, "params")["condition"])
    assert pairs(run, "params")["condition"].endswith("(cut here; whole text in the artifact long/condition.txt)")
    whole = session.get(
        f"{settings.url}/get-artifact",
        params={"path": "long/condition.txt", "run_uuid": reference.run_id},
        timeout=10,
    )
    assert release.condition == whole.text


def test_record_private__needs_an_experiment_that_somebody_made(settings, session):
    """The owner's figures go to an existing second experiment only; a robot does not open one for everybody."""
    private = replace(settings, experiment=f"owner {settings.experiment}")
    with pytest.raises(StoreRefused, match="there is no experiment"):
        mlflow.record_private({"estimate": 0.02}, make_release(), private, session)

    session.post(f"{settings.url}{API}experiments/create", json={"name": private.experiment}, timeout=10)
    reference = mlflow.record_private({"estimate": 0.02, "method": "paired"}, make_release(), private, session)

    run = run_of(settings, session, reference.run_id)
    assert {"estimate": 0.02} == pairs(run, "metrics")
    assert "paired" == pairs(run, "params")["method"]


def test_guarded__credentials_from_the_environment(guarded_store, session):
    """Name and password open the guarded server; without them the advice names the variables."""
    environ = {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": ADMIN_PASSWORD}

    mlflow.send(records.describe(make_release()), from_environ(guarded_store, environ), session)

    runs = search(from_environ(guarded_store, {}), session, "", auth=("admin", ADMIN_PASSWORD))
    assert 1 == len(runs)
    with pytest.raises(StoreRefused, match="401") as caught:
        mlflow.send(records.describe(make_release()), from_environ(guarded_store, {}), session)
    assert "MLFLOW_TRACKING_TOKEN" in caught.value.hint


def test_guarded__a_robot_with_edit_can_write_and_strangers_cannot(guarded_store, session):
    """EDIT on the experiment is enough; a user without a grant is told which right is missing."""
    admin = ("admin", ADMIN_PASSWORD)
    settings = replace(from_environ(guarded_store, {}), experiment="robots")
    created = session.post(
        f"{guarded_store}{API}experiments/create", json={"name": "robots"}, auth=admin, timeout=10
    ).json()
    for name in ("robot", "stranger"):
        body = {"username": name, "password": f"{name}-password-1234"}
        session.post(f"{guarded_store}/api/2.0/mlflow/users/create", json=body, auth=admin, timeout=10)
    grant = {"username": "robot", "resource_type": "experiment", "permission": "EDIT"}
    session.post(
        f"{guarded_store}/api/3.0/mlflow/users/permissions/grant",
        json=grant | {"resource_id": created["experiment_id"]},
        auth=admin,
        timeout=10,
    ).raise_for_status()

    mlflow.send(
        records.describe(make_release()),
        replace(settings, credentials=Password("robot", "robot-password-1234")),
        session,
    )

    with pytest.raises(StoreRefused, match="403") as caught:
        # Another evaluation: one that already stands would be found (reading is free by default) and left alone.
        mlflow.send(
            records.describe(make_release(entry=11)),
            replace(settings, credentials=Password("stranger", "stranger-password-1234")),
            session,
        )
    assert "EDIT" in caught.value.hint
    assert "stranger-password-1234" not in str(caught.value)
