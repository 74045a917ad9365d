"""
Notices to send when a test set comes to its end, and their receivers: prepared text, a function of the transcript.

Pure: nothing is sent here (`proctor.custody.delivery`). One exception to "a function of the transcript" are the
outcomes under ``none -> ADDRESS``: they are for that address alone, and opened with the owner's key or record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from proctor.custody.outcomes import Opened
from proctor.errors import BudgetSpent, ToleranceOutOfReach
from proctor.gate.books import LedgerView, refuse_if_out_of_reach, refuse_if_over
from proctor.gate.needs import next_set_hint
from proctor.gatefile import Gate
from proctor.ledger.history import TestSetHistory


class Medium(StrEnum):
    """Means by which a notice travels."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Channel(NamedTuple):
    """
    One receiver.

    Attributes:
        address: Where to; a webhook's address may be a secret and appears in no message.
    """

    medium: Medium
    address: str

    @property
    def name(self) -> str:
        """Name in the ledger: tells receivers apart without naming them."""
        return f"{self.medium} {hashlib.sha256(self.address.encode()).hexdigest()[:12]}"


class Notice(NamedTuple):
    """
    One message of a gate about a test set, to its receivers.

    Attributes:
        occasion: What happened, once in a life: ``spent``, ``out of reach``, ``retired``, ``outcome 7``.
        subject: One line.
        text: The body, plain text and Markdown at once.
    """

    occasion: str
    testset: str
    gate: str
    subject: str
    text: str
    channels: tuple[Channel, ...]


def due(gate: Gate, books: LedgerView, life: TestSetHistory, opened: Sequence[Opened]) -> tuple[Notice, ...]:
    """
    Every notice that there is occasion for, whether it was sent before or not.

    Outcomes that could be *opened* are for ``none -> ADDRESS``; elsewhere there are none.
    """
    ending = end_of(gate, books, life)
    return (*_outcomes(gate, life, opened), *((ending,) if ending is not None else ()))


def end_of(gate: Gate, books: LedgerView, life: TestSetHistory) -> Notice | None:
    """The notice that the test set has come to its end; ``None`` while it has not."""
    if life.heir is not None:
        return None  # the next set is here already
    if life.retired is not None:
        return _ending(gate, life, "retired", f"Its owner retired it: {life.retired.record.reason.rstrip('.')}.")
    try:
        refuse_if_over(gate, books)
        for each in gate.parts:
            refuse_if_out_of_reach(gate, books, each.formula, life.in_use.n_examples)
    except BudgetSpent:
        evaluations = life.account.evaluations
        return _ending(gate, life, "spent", f"Its budget is spent; evaluations: {evaluations}.")
    except ToleranceOutOfReach as error:
        return _ending(gate, life, "out of reach", f"{error.message[0].upper()}{error.message[1:]}.")
    return None


def _ending(gate: Gate, life: TestSetHistory, occasion: str, what: str) -> Notice:
    registered = life.registered.record
    name = gate.testset.name or registered.testset[:12]
    subject = f"{gate.name}: a fresh test set is needed ({name} is {occasion})"
    its_end = (
        "The examples of this one are the developers' now, as a validation set."
        if life.retired is not None
        else "`proctor testset retire` gives the examples of this one to developers, as a validation set."
    )
    text = f"""\
Test set {name} of the gate {gate.name} is {occasion}.
{what}

Evaluations so far: {life.account.evaluations}. Leakage: {life.account.leakage_bits:.1f} bits.
Recorded answers are still given; nothing new is judged on this test set.

What to do:
- {next_set_hint(gate, life)}
- Name its files in {gate.file}, under `testset`, and run `proctor testset renew`.
- {its_end}

Fingerprint: {registered.testset}
"""
    channels = [Channel(Medium.WEBHOOK, gate.notify.webhook)] if gate.notify.webhook else []
    return Notice(
        occasion=occasion,
        testset=registered.testset,
        gate=gate.name,
        subject=subject,
        text=text,
        channels=(*channels, *_mail(gate)),
    )


def _mail(gate: Gate) -> tuple[Channel, ...]:
    addresses = dict.fromkeys(address for address in (gate.notify.mail, gate.recipient) if address)
    return tuple(Channel(Medium.MAIL, address) for address in addresses)


def _outcomes(gate: Gate, life: TestSetHistory, opened: Sequence[Opened]) -> tuple[Notice, ...]:
    """The paper's ``none -> ADDRESS``: every outcome to that address, and to nobody else."""
    if gate.recipient is None:
        return ()
    receiver = (Channel(Medium.MAIL, gate.recipient),)
    return tuple(
        Notice(
            occasion=f"outcome {each.taken.entry.number}",
            testset=life.registered.record.testset,
            gate=gate.name,
            subject=f"{gate.name}: {each.outcome.upper()} for evaluation {each.step}",
            text=_outcome_text(each, each.outcome),
            channels=receiver,
        )
        for each in opened
        if each.outcome is not None and each.taken.record.origin.gate == gate.name
    )


def _outcome_text(each: Opened, outcome: str) -> str:
    record = each.taken.record
    return f"""\
{outcome.upper()}   {record.condition}

candidate  {record.candidate.source}
commit     {record.candidate.commit or "not known"}
baseline   {record.baseline.source if record.baseline else "none"}
evaluation {each.step}, entry {each.taken.entry.number} of the ledger, {each.taken.entry.at}

Developers do not know this outcome. As long as the test set is in use, whoever does must have no say in candidates,
conditions, order or retirement.
"""
