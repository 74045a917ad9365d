"""A GitHub on loopback and a client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from pytest_httpserver import HTTPServer

from proctor.github.client import Client, Endpoint

from .fake import TOKEN, GitHub, serve


@pytest.fixture
def hub(httpserver: HTTPServer) -> GitHub:
    """A GitHub without anything in it."""
    return serve(httpserver)


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the client waited."""
    return []


@pytest.fixture
def client(hub: GitHub, waits: list[float]) -> Iterator[Client]:
    """A client with the right token; its clock stands at 1,000,000."""
    with requests.Session() as session:
        yield Client(Endpoint("o/r", TOKEN, hub.url), session, waits.append, lambda: 1_000_000.0)
