"""Servers that take notices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
