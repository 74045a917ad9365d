"""Status of a test set: what is left of it, with its last verdicts; spends nothing, reads no label."""

from __future__ import annotations

from proctor.gate.books import Reading, read, refuse_another_contract
from proctor.gate.browsing import place_of, read_on
from proctor.gate.releasing import status_of
from proctor.gate.session import Session, Stance
from proctor.gatefile import Gate
from proctor.ledger import Ledger
from proctor.ledger.checkpoint import VERDICTS
from proctor.release import Status
from proctor.runtime import Runtime


def status(gate: Gate, runtime: Runtime | None = None, *, last: int = 100) -> Status:
    """The state of the test set that *gate* declares, with its *last* verdicts."""
    with Session(gate=gate, runtime=runtime or Runtime(), stance=Stance.READER) as session:
        return _status(session, last)


def glance(gate: Gate, runtime: Runtime) -> Status:
    """Status for a person to look at: of a long ledger only what is new since the last glance is read."""

    def reads(ledger: Ledger) -> Reading:
        place = place_of(ledger, gate.root, runtime.environ)
        return read(ledger) if place is None else read_on(ledger, place)

    with Session(gate=gate, runtime=runtime, stance=Stance.READER, reads=reads) as session:
        return _status(session, VERDICTS)


def is_accepted(gate: Gate, entry: int, runtime: Runtime) -> bool:
    """True if the candidate of a verdict, by its *entry*, is the accepted model of *gate* now."""
    with Session(gate=gate, runtime=runtime, stance=Stance.READER) as session:
        life = session.life(session.books())
    accepted = life.accepted(gate.name)
    judged = next((taken.model for taken in life.verdicts if taken.entry.number == entry), None)
    return accepted is not None and judged is not None and accepted.model == judged


def _status(session: Session, last: int) -> Status:
    books = session.books(session.opening)
    if books.life is not None:
        refuse_another_contract(session.gate, books.life)
    return status_of(session.gate, books, session.testset, last)
