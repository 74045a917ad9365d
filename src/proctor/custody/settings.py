"""
The owner's word on what a commit cannot change: the settings of a gate, and predictions that are a baseline.

Each is an entry of the ledger, which keeps what held before. Nothing of the gate file is used but what is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from proctor.errors import Misuse
from proctor.gate import functions
from proctor.gate.books import LedgerView
from proctor.gate.session import Session
from proctor.gate.settings import CLUSTER, METRICS, Pin, differences, pin_of, pins, settings_of
from proctor.gatefile import Inputs, PredictionsFile
from proctor.ledger.records import BaselineNamed, SettingsAccepted
from proctor.ledger.submissions import Submission


class Settings(NamedTuple):
    """
    Settings that belong to the owner of a test set, as they are *asked* by the gate file and held by the ledger.

    Attributes:
        pinned: What holds; ``None`` where nothing was pinned, in ledgers of earlier versions.
        differences: What is otherwise, in words.
        entry: Entry of the ledger that records the acceptance; ``None`` if there was nothing to accept.
    """

    asked: Mapping[str, str | None]
    pinned: Mapping[str, str | None] | None
    differences: tuple[str, ...]
    entry: int | None = None


def settings(session: Session) -> Settings:
    """Settings that hold for the gate, and what its file says otherwise; `Misuse` if the test set is not registered."""
    session.life(session.books())
    return _held(session, _pin(session))


def accept_settings(session: Session) -> Settings:
    """
    Record that what the gate file says now is the owner's word; nothing if it is what holds.

    Raises:
        Misuse: If the test set is not registered.
        KeyFault: If the ledger is signed and the key is not here.
    """

    def act(books: LedgerView) -> Settings:
        session.life(books)
        pin = _pin(session)
        held = _held(session, pin)
        if pin is not None and dict(pin.settings) == dict(held.asked):
            return held
        _refuse_other_clusters(pin, held.asked)
        _refuse_other_metrics(session, held.asked)
        before = None if pin is None else dict(pin.settings)
        record = SettingsAccepted(
            session.testset.fingerprint, session.gate.name, before, dict(held.asked), session.origin
        )
        return Settings(held.asked, held.pinned, held.differences, session.append(record, books.head).number)

    return session.decide(act)


def _refuse_other_clusters(pin: Pin | None, asked: Mapping[str, str | None]) -> None:
    """Refuse to count other observations on a test set that has verdicts on these: the same question would be two."""
    if pin is not None and pin.settings.get(CLUSTER) != asked[CLUSTER]:
        raise Misuse(
            f"`{CLUSTER}` is fixed when a test set is registered: {pin.settings.get(CLUSTER) or 'none'!r}, not "
            f"{asked[CLUSTER] or 'none'!r}",
            hint="Put it back; the next test set may have another: `proctor testset renew`. Nothing was recorded.",
        )


def _refuse_other_metrics(session: Session, asked: Mapping[str, str | None]) -> None:
    """Refuse another function by the name of one that has verdicts on this test set: the same question would be two."""
    now = functions.read(asked[METRICS])
    for pin in pins(session.ledger.read()):
        before = functions.read(pin.settings.get(METRICS)) if pin.testset == session.testset.fingerprint else {}
        for name in sorted(now.keys() & before.keys()):
            if now[name] != before[name]:
                raise Misuse(
                    f"`user.{name}` is {before[name]} on this test set, and not {now[name]}",
                    hint="Install what it was; or give what it has become another name, as an entry point of its own "
                    "and in `metrics`. Nothing was recorded.",
                )


def name_baseline(session: Session, file: Path) -> tuple[Submission, int | None]:
    """
    Record that the predictions of a file are a baseline, though no gate accepted them; gives the entry, if one is new.

    Raises:
        Misuse: If the inputs are sealed, or the test set is not registered.
        DataError: If they are not predictions of this test set.
    """
    if session.gate.testset.inputs is Inputs.SEALED:
        raise Misuse(
            f"the inputs are sealed, so {str(file)!r} was made by somebody who saw them",
            hint="Compare with the accepted model: `baseline: accepted`. Nothing was recorded.",
        )
    named = session.runner.named(_names(session, file), session.origin.commit).submission

    def act(books: LedgerView) -> int | None:
        said = [taken.record for taken in session.life(books).acts]
        if any(isinstance(record, BaselineNamed) and record.baseline.digest == named.digest for record in said):
            return None
        return session.append(BaselineNamed(session.testset.fingerprint, named, session.origin), books.head).number

    return named, session.decide(act)


def _names(session: Session, file: Path) -> PredictionsFile:
    """A file with the columns of those that the gate file names."""
    for model in (session.gate.baseline, session.gate.candidate):
        if isinstance(model, PredictionsFile):
            return PredictionsFile(str(file), model.id, model.prediction)
    return PredictionsFile(str(file), session.gate.testset.id)


def _pin(session: Session) -> Pin | None:
    return pin_of(session.gate, session.ledger.read(), session.testset.fingerprint)


def _held(session: Session, pin: Pin | None) -> Settings:
    asked = settings_of(session.gate)
    return Settings(asked, None, ()) if pin is None else Settings(asked, pin.settings, differences(pin, session.gate))
