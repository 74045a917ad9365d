"""Many at one ledger: whoever comes second reads the books again, and decides again from what they say now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from proctor.errors import LedgerLocked, LedgerMoved
from proctor.ledger import Ledger
from proctor.runtime import Runtime

T = TypeVar("T")

_ATTEMPTS = 200
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 2.0
_DOUBLINGS = 10


def retry_on_conflict(attempt: Callable[[], T], ledger: Ledger, runtime: Runtime) -> T:
    """
    Result of *attempt*, tried again after a random pause as long as others append first.

    Args:
        attempt: Reads the books, decides, appends; raises `LedgerMoved` if somebody was faster.
        ledger: The ledger, for the message.
        runtime: Who waits, and how long.

    Raises:
        LedgerLocked: If the books never stand still.
    """
    for count in range(_ATTEMPTS):
        try:
            return attempt()
        except LedgerMoved:
            longest = min(_LONGEST_PAUSE_S, _SHORTEST_PAUSE_S * 2 ** min(count, _DOUBLINGS))
            runtime.pause(runtime.jitter() * longest)
    raise LedgerLocked(
        f"{ledger.description} moved {_ATTEMPTS} times while an entry for it was being made",
        hint="Nothing was spent. Run the same command again when fewer jobs use it.",
    )
