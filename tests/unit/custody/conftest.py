"""Servers that take notices, and books in each kind of place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gate.project import Project, start
from ledger.places import KINDS, make_place, running_postgresql

from . import servers
from .servers import PostOffice, Room


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    with servers.post_office() as office:
        yield office


@pytest.fixture
def room() -> Iterator[Room]:
    with servers.room() as found:
        yield found


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_postgresql() as address:
        yield address


@pytest.fixture(params=KINDS)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A project whose books are in each kind of place, with one verdict in them."""
    address = request.getfixturevalue("server") if request.param == "postgresql" else ""
    place = make_place(request.param, tmp_path, address)
    project = start(place.root).gate(ledger=place.location)
    project.check()
    return project
