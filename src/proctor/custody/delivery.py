"""
Sending notices: once, again after a failure, never twice.

Nobody can have both "surely" and "never twice" over a network. So every attempt is first claimed in the ledger
(``begun``), which only one of several jobs can do; afterwards it is recorded as ``sent``, or as ``failed`` where the
receiver surely has not taken it, and only then is it tried again. If the job dies in between, or the answer is lost,
the notice may have arrived: it stays ``begun``, is not sent again by itself, and the owner is told.
What is sent carries the same message id or idempotency key each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import assert_never

from proctor.custody.notices import Channel, Medium, Notice, due
from proctor.custody.outcomes import open_outcomes
from proctor.errors import Misuse
from proctor.frozen import dataclass
from proctor.gate.books import LedgerView
from proctor.gate.session import Session
from proctor.gate.settings import refuse_changed_on
from proctor.ledger.history import Recorded
from proctor.ledger.outcomes import Stage
from proctor.ledger.records import Notified


class Undelivered(Exception):
    """The receiver has surely not taken the notice."""


class Uncertain(Exception):
    """The receiver may or may not have taken the notice."""


@dataclass(frozen=True)
class Sent:
    """It was sent now."""

    notice: Notice
    channel: Channel


@dataclass(frozen=True)
class SentBefore:
    """It had been sent before, and was not sent again."""

    notice: Notice
    channel: Channel
    at: str


@dataclass(frozen=True)
class Failed:
    """It surely did not arrive; the next run tries again."""

    notice: Notice
    channel: Channel
    reason: str


@dataclass(frozen=True)
class Doubtful:
    """It may have arrived, so it is not sent again by itself."""

    notice: Notice
    channel: Channel
    reason: str


Result = Sent | SentBefore | Failed | Doubtful


def send_due(session: Session, *, again: bool = False) -> tuple[Result, ...]:
    """
    Send every notice that is due and was not sent; *again* those of which it is not known whether they arrived.

    Raises:
        Misuse: If the gate file names no receiver, or the test set is not registered.
        ContractError: If the gate file changes what belongs to the owner: outcomes would go to somebody else.
    """
    books = session.books()
    life = session.life(books)
    gate, entries = session.gate, session.ledger.read()
    refuse_changed_on(gate, entries, life.registered.record.testset, is_signed=entries[-1].mac is not None)
    if not (gate.notify.webhook or gate.notify.mail or gate.recipient):
        raise Misuse(
            f"{gate.file} names nobody to notify",
            hint="Add `notify: {mail: ADDRESS}` or `notify: {webhook: URL}`; `--print` shows the text.",
        )
    opened = open_outcomes(session, life) if gate.recipient else ()
    return tuple(
        _deliver(session, notice, channel, again)
        for notice in due(gate, books, life, opened)
        for channel in notice.channels
    )


def _deliver(session: Session, notice: Notice, channel: Channel, again: bool) -> Result:
    try:
        send = _sender(notice, channel, session.runtime.environ)
    except Undelivered as error:
        return Failed(notice, channel, str(error))
    claimed = session.decide(lambda books: _claim(session, books, notice, channel, again))
    if claimed is not None:
        return claimed
    try:
        send()
    except Undelivered as error:
        _record(session, notice, channel, Stage.FAILED)
        return Failed(notice, channel, str(error))
    except Uncertain as error:
        return Doubtful(notice, channel, str(error))
    _record(session, notice, channel, Stage.SENT)
    return Sent(notice, channel)


def _claim(session: Session, books: LedgerView, notice: Notice, channel: Channel, again: bool) -> Result | None:
    """Claim the right to send; or why it is not to be had."""
    last = session.life(books).notice(channel.name, notice.occasion)
    if last is not None and (held := _held(last, notice, channel, again)) is not None:
        return held
    session.append(_entry(session, notice, channel, Stage.BEGUN), books.head)
    return None


def _held(last: Recorded[Notified], notice: Notice, channel: Channel, again: bool) -> Result | None:
    match last.record.stage:
        case Stage.SENT:
            return SentBefore(notice, channel, last.entry.at)
        case Stage.BEGUN if not again:
            reason = f"it was begun at {last.entry.at} (entry {last.entry.number}), and how that ended is not known"
            return Doubtful(notice, channel, reason)
        case _:
            return None


def _record(session: Session, notice: Notice, channel: Channel, stage: Stage) -> None:
    session.decide(lambda books: session.append(_entry(session, notice, channel, stage), books.head))


def _entry(session: Session, notice: Notice, channel: Channel, stage: Stage) -> Notified:
    return Notified(notice.testset, channel.name, notice.occasion, session.origin, stage)


# --- the two media ---------------------------------------------------------------------------------------------------


def idempotency_key(notice: Notice, channel: Channel) -> str:
    """The same for every attempt at one notice: receivers can drop a repetition."""
    return f"{notice.testset[:16]}-{notice.occasion}-{channel.name}".replace(" ", "-")


def _sender(notice: Notice, channel: Channel, environ: Mapping[str, str]) -> Callable[[], None]:
    """The sender of a notice (it raises `Undelivered`, `Uncertain`); without its settings, a channel is refused."""
    match channel.medium:
        case Medium.MAIL:
            from proctor.custody import mail

            return partial(mail.send, notice, channel, mail.settings(environ))
        case Medium.WEBHOOK:
            from proctor.custody import webhook

            return partial(webhook.post, notice, channel)
        case _:
            assert_never(channel.medium)
