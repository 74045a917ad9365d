"""
The entries, folded into the lives of the test sets (theory.md §4.3).

Pure: entries in, facts out. The fold over the past depends on nothing but the entries (design.md, rule 2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from proctor.budget import Account, Mode, Step, inherit, open_account
from proctor.errors import DomainError, LedgerCorrupt
from proctor.ledger.entries import Entry
from proctor.ledger.history import Recorded, TestSetHistory
from proctor.ledger.outcomes import Verdict
from proctor.ledger.records import (
    CHANGES,
    EVALUATED_FIELDS,
    Accepted,
    Adopted,
    BaselineNamed,
    Corrected,
    Dropped,
    Evaluated,
    Extended,
    LossAccepted,
    Notified,
    Pending,
    Registered,
    Retired,
    SettingsAccepted,
    from_body,
)

_LISTS = {
    Evaluated.kind: "verdicts",
    Adopted.kind: "verdicts",
    Accepted.kind: "acceptances",
    Corrected.kind: "corrections",
    Notified.kind: "notices",
    **dict.fromkeys(CHANGES, "changes"),
    **dict.fromkeys((SettingsAccepted.kind, BaselineNamed.kind, LossAccepted.kind), "acts"),
}
"""Lists of a life in which it keeps the entries of each kind."""


def lives(entries: Sequence[Entry], earlier: Mapping[str, Account] = MappingProxyType({})) -> dict[str, TestSetHistory]:
    """
    The life of every test set in the ledger, by fingerprint, in order of registration.

    Args:
        entries: All entries, or those from which a checkpoint leaves out earlier verdicts.
        earlier: What each test set had left before its first verdict in *entries*, where some are left out.

    Raises:
        LedgerCorrupt: If an entry speaks of a test set that was not registered before it, or registers one twice.
    """
    found: dict[str, _Growing] = {}
    for entry in entries:
        fingerprint = entry.body.get("testset")
        growing = found.get(fingerprint) if isinstance(fingerprint, str) else None
        if entry.kind == Registered.kind:
            if growing is not None:
                raise LedgerCorrupt(f"entry {entry.number} registers the test set {str(fingerprint)[:12]} again")
            registered = Recorded[Registered](entry)
            opening = _opening(registered, found, earlier.get(str(fingerprint)))
            found[str(fingerprint)] = _Growing(registered, opening)
        elif growing is None:
            raise LedgerCorrupt(f"entry {entry.number} is about an unregistered test set {str(fingerprint)[:12]}")
        else:
            growing.take(entry)
    return {fingerprint: growing.life() for fingerprint, growing in found.items()}


def _opening(registered: Recorded[Registered], found: Mapping[str, _Growing], known: Account | None) -> Account:
    """The first account of a test set: its contract's whole, or all that the set before had left, which this closes."""
    record, number = registered.record, registered.entry.number
    if not record.inherits:
        return known or open_account(record.contract)
    before = found.get(record.predecessor or "")
    if before is None:
        raise LedgerCorrupt(f"entry {number} hands on the account of a test set that is not registered before it")
    before.hand_on(registered)
    try:
        return known or inherit(record.contract, before.account())
    except DomainError as error:
        raise LedgerCorrupt(f"entry {number} hands on what is not there: {error.message}") from error


class _Growing:
    """
    A life while its entries are being read: in linear time, and an evaluation is not decoded just to be counted.

    A ledger may hold tens of thousands of evaluations, and of most of them only the outcome is ever needed.
    """

    def __init__(self, registered: Recorded[Registered], earlier: Account) -> None:
        self.registered = registered
        self.earlier = earlier
        self.mode = registered.record.contract.mode
        self.lists: defaultdict[str, list[Recorded[Any]]] = defaultdict(list)
        self.steps: list[Step] = []
        self.pending: Recorded[Pending] | None = None
        self.retired: Recorded[Retired] | None = None
        self.heir: Recorded[Registered] | None = None
        self._plain_steps: dict[tuple[object, ...], Step] = {}

    def take(self, entry: Entry) -> None:
        if self.heir is not None and entry.kind in (Evaluated.kind, Pending.kind):
            raise LedgerCorrupt(
                f"entry {entry.number} evaluates on a test set whose account entry {self.heir.entry.number} closed"
            )
        match entry.kind:
            case Evaluated.kind:
                self.steps.append(self._step(entry))
                if entry.body.get("pending") is not None:
                    self.pending = None
            case Pending.kind:
                self.pending = Recorded(entry)
            case Retired.kind:
                self.retired = Recorded(entry)
            case Extended.kind | Dropped.kind if self.pending or self.retired or self.heir:
                raise LedgerCorrupt(f"entry {entry.number} changes the examples of a test set that cannot change then")
            case kind if kind not in _LISTS:
                from_body(entry.kind, entry.body, entry.number)  # says what is wrong with it
        if entry.kind in _LISTS:
            self.lists[_LISTS[entry.kind]].append(Recorded(entry))

    def _step(self, entry: Entry) -> Step:
        body = entry.body
        stakes = body.get("stakes")
        is_plain = body.keys() - {"part"} == EVALUATED_FIELDS and body["feedback"] is None and body["stake"] is None
        if not is_plain or not isinstance(stakes, dict):
            return step_of(Recorded[Evaluated](entry).record, self.mode)
        key = (body["outcome"], *stakes.items())
        if key not in self._plain_steps:
            self._plain_steps[key] = step_of(Recorded[Evaluated](entry).record, self.mode)
        return self._plain_steps[key]

    def account(self) -> Account:
        return self.earlier.after_all(self.steps)

    def hand_on(self, heir: Recorded[Registered]) -> None:
        """Close the account: what it has left is the *heir*'s, and would be spent twice otherwise."""
        if self.heir is not None or self.pending is not None:
            why = "handed on already" if self.heir is not None else "still spent by an evaluation that has begun"
            raise LedgerCorrupt(f"entry {heir.entry.number} hands on an account that is {why}")
        self.heir = heir

    def life(self) -> TestSetHistory:
        return TestSetHistory(
            registered=self.registered,
            account=self.account(),
            earlier=self.earlier,
            steps=tuple(self.steps),
            open_pending=self.pending,
            retired=self.retired,
            heir=self.heir,
            **{name: tuple(each) for name, each in self.lists.items()},
        )


def step_of(record: Evaluated, mode: Mode) -> Step:
    """Step of an evaluation in the account: a proof if its outcome was the one that must prove itself."""
    proven = record.outcome is (Verdict.PASS if mode is Mode.FP_FREE else Verdict.FAIL)
    return Step(proven, record.stakes, record.feedback.log_probability if record.feedback else 0.0, record.stake)
