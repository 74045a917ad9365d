"""Requests that are sent again, against a server on loopback that fails as often as it is told."""

from __future__ import annotations

import pytest
import requests

from proctor import tries
from proctor.errors import StoreError


def asked(httpserver, failures, retries, waits):
    """Answer of a server that fails *failures* times; the error tells which try was the last."""
    for _ in range(failures):
        httpserver.expect_ordered_request("/x").respond_with_data("", 503)
    httpserver.expect_ordered_request("/x").respond_with_data("done")

    def send(count):
        answer = requests.get(httpserver.url_for("/x"), timeout=5)
        if answer.status_code == 503:
            raise tries.TryAgain(StoreError(tries.counted(count)), 2.0**count)
        return answer.text

    return tries.repeated(send, retries, waits.append)


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_repeated__until_it_succeeds(httpserver, failures):
    """It waits as told before each repetition, and no more once an answer is there."""
    waits = []

    assert "done" == asked(httpserver, failures, 2, waits)
    assert [1.0, 2.0][:failures] == waits


@pytest.mark.parametrize(("retries", "said"), [(0, "1 try"), (2, "3 tries")])
def test_repeated__gives_up(httpserver, retries, said):
    """After the last try the problem itself is raised, without a wait before it."""
    waits = []

    with pytest.raises(StoreError, match=f"^{said}$"):
        asked(httpserver, 9, retries, waits)
    assert retries == len(waits)
    assert retries + 1 == len(httpserver.log)
