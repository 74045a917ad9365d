"""Deciding again when somebody else appended first."""

from __future__ import annotations

import pytest

from proctor.errors import LedgerLocked, LedgerMoved
from proctor.gate.session import retry_on_conflict
from proctor.ledger import open_ledger
from proctor.runtime import Runtime


def patient(pauses):
    """Runtime in which the longest pauses are noted and not waited for."""
    return Runtime(jitter=lambda: 1.0, pause=pauses.append)


def test_insist__decides_again_until_the_books_stand_still(tmp_path):
    """Pauses grow, so that many at once get out of each other's way; then the answer is given."""
    pauses, left = [], [LedgerMoved("1"), LedgerMoved("2"), LedgerMoved("3")]

    def attempt():
        if left:
            raise left.pop()
        return "answer"

    assert "answer" == retry_on_conflict(attempt, open_ledger("ledger.db", tmp_path), patient(pauses))
    assert [0.02, 0.04, 0.08] == pauses


def test_insist__gives_up_with_a_clear_error(tmp_path):
    """A ledger that never stands still is named, once, and what to do."""
    pauses = []

    def attempt():
        raise LedgerMoved("again")

    with pytest.raises(LedgerLocked, match=r"^the ledger .*ledger\.db moved 200 times") as error:
        retry_on_conflict(attempt, open_ledger("ledger.db", tmp_path), patient(pauses))

    assert "Nothing was spent" in error.value.hint
    assert 2.0 == max(pauses)
