"""
Real MLflow servers, of each kind that the tests need.

Skipped where MLflow is not installed; .ci/mlflow-venv.sh installs it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ADMIN_PASSWORD = "admin-password-1234"


def interpreter() -> Path | None:
    """The Python that has MLflow; ``None`` if there is none here."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    named = os.environ.get("PROCTOR_MLFLOW_PYTHON")
    path = Path(named) if named else cache / "proctor" / "mlflow-venv" / "bin" / "python"
    return path if path.exists() else None


@contextmanager
def server(folder: Path, backend: str, *options: str, **environ: str) -> Iterator[str]:
    """Address of a server of MLflow's, which keeps its runs in *backend*."""
    python = interpreter()
    if python is None:
        pytest.skip("no MLflow here; .ci/mlflow-venv.sh installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-m", "mlflow", "server", "--backend-store-uri", backend, "--workers", "1"]
    command += ["--artifacts-destination", folder / "artifacts", "--host", "127.0.0.1", "--port", str(port), *options]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | quiet | environ, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait(10)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
        except requests.Timeout:
            pass
    pytest.fail(f"MLflow did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def guarded_server(folder: Path) -> Iterator[str]:
    """Address of a server with the basic-auth app; the administrator is ``admin``."""
    secrets = {"MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN_PASSWORD, "MLFLOW_FLASK_SERVER_SECRET_KEY": "only for tests"}
    with server(folder, f"sqlite:///{folder}/mlflow.db", "--app-name", "basic-auth", **secrets) as url:
        yield url
