"""The protocol with a tracking server, request by request, and what never appears in an error."""

from __future__ import annotations

import json

import pytest
from reports.samples import make_history, make_release
from werkzeug import Response

from proctor.errors import DomainError
from proctor.runstore import mlflow, records
from proctor.runstore.rest import StoreRefused, StoreUnreachable
from proctor.runstore.settings import Anonymous, Password, Settings, Token, from_environ

from .tracking import API, Store

SECRET = "s3cret-token-value"


@pytest.fixture
def waits():
    """Seconds waited between tries."""
    return []


def send(httpserver, session, waits, **overrides):
    settings = Settings(url=httpserver.url_for("").rstrip("/"), timeout_s=2, backoff_s=0.5, **overrides)
    return mlflow.send(records.describe(make_release(), make_history()), settings, session, waits.append)


def test_send__requests_in_order(httpserver, session, waits):
    """The tag that marks a run as whole is the last thing that is written."""
    store = Store(httpserver)

    send(httpserver, session, waits)

    expected = ["experiments_get_by_name", "experiments_create", "runs_search", "runs_create", "runs_search"]
    assert [*expected, "runs_log_batch", "runs_log_batch", "runs_update", "runs_set_tag"] == store.requests


def test_send__experiment_made_by_somebody_faster(httpserver, session, waits):
    """Losing the race for the experiment is no failure."""
    store = Store(httpserver)

    def already(body):
        store.experiments[body["name"]] = "7"
        return 400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "exists"}

    store.experiments_create = already

    assert "run-1" == send(httpserver, session, waits).run_id


def test_send__two_creators_agree_on_one_run(httpserver, session, waits):
    """If somebody else created the run in the same moment, the later identifier steps aside."""
    store = Store(httpserver)
    create = store.runs_create

    def twice(body):
        create(body)
        return create(body)

    store.runs_create = twice

    assert "run-1" == send(httpserver, session, waits).run_id
    assert "proctor.superseded_by" == store.runs["run-2"]["data"]["tags"][0]["key"]


def test_send__artifacts_that_the_server_does_not_take(httpserver, session, waits):
    """A store without proxied artifacts keeps the run and says that the report is not there."""
    Store(httpserver)
    entry = records.describe(make_release(), (), {"report.json": "{}"})

    reference = mlflow.send(entry, Settings(url=httpserver.url_for("").rstrip("/")), session, waits.append)

    assert "The report was not stored" in reference.remarks[0]


def test_send__waits_as_long_as_the_server_asks(httpserver, session, waits):
    """429 and 5xx are tried again, after the longer of our own and the server's waiting time, but never for long."""
    for status, headers in ((429, {"Retry-After": "7"}), (503, {"Retry-After": "4000"}), (502, {})):
        httpserver.expect_ordered_request(f"{API}experiments/get-by-name").respond_with_data("", status, headers)
    httpserver.expect_ordered_request(f"{API}experiments/get-by-name").respond_with_data("<html>", 200)

    with pytest.raises(StoreRefused, match="not an MLflow tracking server"):
        send(httpserver, session, waits)

    assert [7.0, 30.0, 2.0] == waits


def test_send__nobody_listens(session, waits):
    """A store that is down is said to be unreachable, and the advice names the command that sends later."""
    with pytest.raises(StoreUnreachable, match="4 tries") as caught:
        mlflow.send(
            records.describe(make_release()),
            from_environ(f"http://user:{SECRET}@127.0.0.1:9", {}),
            session,
            waits.append,
        )

    assert [0.5, 1.0, 2.0] == waits
    assert "proctor runstore sync" in caught.value.hint
    assert SECRET not in str(caught.value)
    assert "user" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "MLFLOW_TRACKING_TOKEN"), (403, "Grant"), (308, "final address"), (400, "")]
)
def test_send__refusals_advise_and_keep_the_secret(httpserver, session, waits, status, advice):
    """A refusal is not repeated, says what to do, and blots out a token that the server echoes."""
    body = json.dumps({"error_code": "X", "message": f"bad token {SECRET}"})
    headers = {"Location": "https://elsewhere.example/"} if status == 308 else {}
    httpserver.expect_oneshot_request(f"{API}experiments/get-by-name").respond_with_data(body, status, headers)

    with pytest.raises(StoreRefused, match=str(status)) as caught:
        send(httpserver, session, waits, credentials=Token(SECRET))

    assert advice in caught.value.hint
    assert SECRET not in repr(caught.value) + str(caught.value)
    assert [] == waits


@pytest.mark.parametrize(
    ("credentials", "header"),
    [(Token("t"), "Bearer t"), (Password("ü", "p"), "Basic w7w6cA=="), (Anonymous(), None)],
    ids=["token", "password", "anonymous"],
)
def test_send__authorization_header(httpserver, session, waits, monkeypatch, tmp_path, credentials, header):
    """Each kind of credentials makes its header, and a .netrc has no say."""
    (tmp_path / "netrc").write_text("machine localhost login l password p\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen = []

    def handler(request):
        seen.append(request.headers.get("Authorization"))
        return Response("{}", 400)

    httpserver.expect_request(f"{API}experiments/get-by-name").respond_with_handler(handler)
    with pytest.raises(StoreRefused):
        send(httpserver, session, waits, credentials=credentials)

    assert [header] == seen


def test_record_private__never_where_developers_read(session):
    """The owner's figures are refused for the public experiment before anything is sent."""
    with pytest.raises(DomainError, match="do not belong"):
        mlflow.record_private({"estimate": 0.02}, make_release(), Settings(url="http://127.0.0.1:9"), session)


def test_from_environ__everything():
    """MLflow's own variables are read; secrets are in no representation."""
    settings = from_environ(
        "https://store.example:8443/mlflow/",
        {
            "MLFLOW_TRACKING_TOKEN": SECRET,
            "MLFLOW_TRACKING_SERVER_CERT_PATH": "ca.pem",
            "MLFLOW_TRACKING_CLIENT_CERT_PATH": "me.pem",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "3",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
            "MLFLOW_EXPERIMENT_NAME": "team",
        },
    )

    expected = Settings(
        url="https://store.example:8443/mlflow",
        experiment="team",
        credentials=Token(SECRET),
        verify="ca.pem",
        client_certificate="me.pem",
        timeout_s=3,
        retries=1,
    )
    assert expected == settings
    assert SECRET not in repr(settings)


def test_from_environ__password_wins_over_token_and_address():
    """As in MLflow's own client, name and password come first."""
    environ = {"MLFLOW_TRACKING_TOKEN": "t", "MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}

    assert Password("u", "p") == from_environ("http://a:b@h", environ).credentials
    assert Password("a b", "c@") == from_environ("http://a%20b:c%40@h", {}).credentials
    assert "http://[::1]:5000" == from_environ("http://[::1]:5000/", {}).url


@pytest.mark.parametrize(
    ("url", "environ"),
    [
        (f"ftp://u:{SECRET}@h", {}),
        (f"//u:{SECRET}@h", {}),
        (f"http://u:{SECRET}@h:99999", {}),
        ("http://h", {"MLFLOW_TRACKING_INSECURE_TLS": "perhaps"}),
        ("http://h", {"MLFLOW_TRACKING_INSECURE_TLS": "true", "MLFLOW_TRACKING_SERVER_CERT_PATH": "x"}),
        ("http://h", {"MLFLOW_HTTP_REQUEST_TIMEOUT": "soon"}),
        ("http://h", {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "nan"}),
    ],
)
def test_from_environ__refuses(url, environ):
    """What cannot be meant is refused, without repeating a password."""
    with pytest.raises(DomainError) as caught:
        from_environ(url, environ)

    assert SECRET not in str(caught.value)
