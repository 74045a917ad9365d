"""
Verification that a chain of entries is the one that was written, and all of it.

The chain alone shows edits, removals and swaps in its middle. What it cannot show is that its end was cut off, or
that somebody rewrote everything from some entry on: that shows against a head that was published (each verdict
carries one), and against the owner's key, without which no entry can be signed.

Pure: entries in, findings out. Each finding names the entry and says what is wrong with it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from proctor.errors import DomainError, KeyFault, LedgerCorrupt, LedgerTooNew
from proctor.ledger.entries import FORMAT, GENESIS, Entry, hash_of, signature

SHORTEST_HEAD = 8
"""Digits that a published head must at least be known by; all 64 prove most."""

_SHOWN_DIGITS = 12


class Fault(StrEnum):
    """Way in which an entry, or a published head, is not as it was written."""

    EDITED = "Edited"
    UNREADABLE = "Unreadable"
    REMOVED = "Removed"
    REORDERED = "Reordered"
    DUPLICATED = "Duplicated"
    FORKED = "Forked"
    TRUNCATED = "Truncated"
    MISPLACED = "Misplaced"
    WRONG_KEY = "WrongKey"
    FORGED_MAC = "ForgedMac"
    UNSIGNED = "Unsigned"
    UNKNOWN_VERSION = "UnknownVersion"


_SENTENCES = {
    Fault.EDITED: "{entry} was edited: its content does not match its hash",
    Fault.UNREADABLE: "{entry} cannot be read: its body is not a JSON object",
    Fault.REMOVED: "{removed} removed: later entries are there",
    Fault.REORDERED: "{entry} was moved: it stands in place {other}",
    Fault.DUPLICATED: "{entry} was duplicated: it stands again in place {other}",
    Fault.FORKED: "the chain forks at {entry}: there is, or once was, another {entry}",
    Fault.TRUNCATED: ("the published head {head} is not among the {other} entries: the end was cut off, or rewritten"),
    Fault.MISPLACED: (
        "the published head {head} is that of {found}, not of {entry}: "
        "entries were added, removed or moved before it, or the number is wrong"
    ),
    Fault.WRONG_KEY: "wrong key: every entry of the ledger is signed with another key",
    Fault.FORGED_MAC: "{entry} is signed with another key: it was forged",
    Fault.UNSIGNED: "{entry} is not signed",
    Fault.UNKNOWN_VERSION: f"{{entry}} has format {{other}}, this proctor knows {FORMAT}: use a later version",
}
_BEHEADED = "entry 1 continues another ledger: the beginning was cut off or replaced"


class Finding(NamedTuple):
    """
    Something that is wrong with a ledger.

    Attributes:
        fault: What kind of thing.
        number: The entry; the first of those that were removed; the one that a head was published with.
            0 for a head without a number, and for a fork before the first entry.
        other: The last entry that was removed; the place, or the entry, where something is found instead; the number
            of entries; the unknown format.
        head: The published head, where it is about one.
    """

    fault: Fault
    number: int = 0
    other: int = 0
    head: str = ""

    @property
    def sentence(self) -> str:
        """The finding, for people."""
        if self.fault is Fault.FORKED and self.number == 0:
            return _BEHEADED
        several = f"entries {self.number} to {self.other} were"
        return _SENTENCES[self.fault].format(
            entry=_entry(self.number),
            found=_entry(self.other),
            removed=f"{_entry(self.number)} was" if self.other == self.number else several,
            other=self.other,
            head=self.head[:_SHOWN_DIGITS],
        )


def _entry(number: int) -> str:
    return f"entry {number}" if number else "the empty ledger"


def verify(entries: Sequence[Entry], known_heads: Iterable[str] = (), key: bytes | None = None) -> tuple[Finding, ...]:
    """
    Find everything that is wrong with a ledger, in the order of the entries; nothing if it is whole.

    Args:
        entries: All entries, in the order in which they are stored.
        known_heads: Heads that were published at any time: whole hashes, or their first digits (at least
            `SHORTEST_HEAD`), or ``NUMBER:HASH``, which tells a rewritten ledger from a truncated one.
        key: The owner's ledger key; with it, every entry must be signed.

    Raises:
        DomainError: If a head is not hexadecimal, or too short.
    """
    findings: list[Finding] = []
    if not is_whole(entries):
        findings += _faults_of_entries(entries)
        findings += _faults_of_order(entries)
        findings += _faults_of_links(entries)
    if key is not None:
        findings += _faults_of_signatures(entries, key)
    findings += [Finding(Fault.UNREADABLE, entry.number) for entry in entries if not _is_readable(entry)]
    findings += _faults_of_heads(entries, known_heads)
    return tuple(dict.fromkeys(findings))


def check(entries: Sequence[Entry], before: Sequence[Entry] = (), key: bytes | None = None) -> None:
    """
    Refuse *entries* that do not continue the verified entries *before* without a fault.

    The quick way, for every reading of a ledger; `verify` is asked only to say what is wrong.

    Raises:
        LedgerTooNew: If an entry has a format that a later version wrote.
        KeyFault: If a key is given and an entry is not signed at all.
        LedgerCorrupt: If anything else is wrong.
    """
    if continues(entries, before[-1] if before else None, key):
        return
    findings = verify([*before, *entries], key=key)
    for finding in findings:
        if finding.fault is Fault.UNKNOWN_VERSION:
            raise LedgerTooNew(finding.sentence, hint="Upgrade proctor; nothing was written.")
        if finding.fault is Fault.UNSIGNED:
            raise KeyFault(finding.sentence, hint=_SIGNING_HINT)
        if finding.fault is Fault.WRONG_KEY:
            raise LedgerCorrupt(finding.sentence, hint=_KEY_HINT)
    raise LedgerCorrupt(
        "; ".join(finding.sentence for finding in findings[:3]),
        hint="Run `proctor ledger verify` for all findings, and restore the ledger from a copy that verifies.",
    )


_SIGNING_HINT = (
    "A ledger with a key is signed throughout. To sign one that was begun without: `proctor ledger export`, "
    "then `proctor ledger import --key-file` into a new one."
)


_KEY_HINT = (
    "Give the key that this ledger was begun with. If it is that one, somebody wrote the ledger anew: restore it from "
    "a copy that verifies."
)


def continues(entries: Sequence[Entry], last: Entry | None, key: bytes | None) -> bool:
    """True if *entries* are whole behind *last*, and, if a key is given, each is signed with it, *last* too."""
    signed = entries if last is None else [last, *entries]
    return is_whole(entries, last) and (key is None or all(_is_signed(entry, key) for entry in signed))


def is_whole(entries: Sequence[Entry], last: Entry | None = None) -> bool:
    """True if *entries* follow *last* without a gap and each one's content matches its hash."""
    before, previous = (last.number, last.hash) if last is not None else (0, GENESIS)
    for number, entry in enumerate(entries, start=before + 1):
        if (
            entry.number != number
            or entry.previous != previous
            or entry.format != FORMAT
            or entry.hash != hash_of(entry)
        ):
            return False
        previous = entry.hash
    return True


def _is_readable(entry: Entry) -> bool:
    try:
        return entry.body is not None
    except LedgerCorrupt:
        return False


def _is_signed(entry: Entry, key: bytes) -> bool:
    return entry.mac is not None and hmac.compare_digest(entry.mac, signature(entry.hash, key))


def _faults_of_entries(entries: Sequence[Entry]) -> list[Finding]:
    """Entries whose content is not what was hashed, or cannot be checked."""
    unknown = [entry for entry in entries if entry.format != FORMAT]
    broken = [entry for entry in entries if entry.format == FORMAT and entry.hash != hash_of(entry)]
    # Rows that have exchanged their numbers fit each other's; rows that have closed a gap fit the number beside.
    numbers = sorted({entry.number + shift for entry in broken[:64] for shift in (-1, 0, 1)})
    findings: list[Finding] = [Finding(Fault.UNKNOWN_VERSION, entry.number, entry.format) for entry in unknown]
    for entry in broken:
        rightful = (number for number in numbers if hash_of(replace(entry, number=number)) == entry.hash)
        number = next(rightful, None)
        findings.append(
            Finding(Fault.EDITED, entry.number) if number is None else Finding(Fault.REORDERED, number, entry.number)
        )
    return findings


def _faults_of_order(entries: Sequence[Entry]) -> list[Finding]:
    """Numbers that are missing, repeated or out of order."""
    findings: list[Finding] = []
    seen: dict[int, Entry] = {}
    highest = 0
    for place, entry in enumerate(entries, start=1):
        if entry.number in seen:
            is_same = seen[entry.number].hash == entry.hash
            findings.append(
                Finding(Fault.DUPLICATED, entry.number, place) if is_same else Finding(Fault.FORKED, entry.number)
            )
        elif entry.number < highest:
            findings.append(Finding(Fault.REORDERED, entry.number, place))
        seen.setdefault(entry.number, entry)
        highest = max(highest, entry.number)
    expected = 1
    for number in sorted(seen):
        if number > expected:
            findings.append(Finding(Fault.REMOVED, expected, number - 1))
        expected = number + 1
    return findings


def _faults_of_links(entries: Sequence[Entry]) -> list[Finding]:
    """Entries that continue another entry than the one before them."""
    by_number: dict[int, Entry] = {}
    for entry in entries:
        by_number.setdefault(entry.number, entry)
    genuine = {number for number, entry in by_number.items() if entry.hash == hash_of(entry)}
    findings: list[Finding] = []
    for number in sorted(genuine):
        before = by_number.get(number - 1)
        is_linked = before is None or before.hash == by_number[number].previous
        if number == 1 and by_number[1].previous != GENESIS:
            findings.append(Finding(Fault.FORKED, 0))
        elif number > 1 and not is_linked and number - 1 in genuine:
            findings.append(Finding(Fault.FORKED, number - 1))
    return findings


def _faults_of_signatures(entries: Sequence[Entry], key: bytes) -> list[Finding]:
    if entries and not any(entry.mac is None or _is_signed(entry, key) for entry in entries):
        return [Finding(Fault.WRONG_KEY)]
    findings: list[Finding] = []
    for entry in entries:
        if entry.mac is None:
            findings.append(Finding(Fault.UNSIGNED, entry.number))
        elif not _is_signed(entry, key):
            findings.append(Finding(Fault.FORGED_MAC, entry.number))
    return findings


def _faults_of_heads(entries: Sequence[Entry], heads: Iterable[str]) -> list[Finding]:
    findings: list[Finding] = []
    for head in heads:
        number, digits = _parse_head(head)
        found_at = [entry.number for entry in entries if entry.hash.startswith(digits)]
        if digits == GENESIS:
            found_at.append(0)
        if found_at:
            if number is not None and number not in found_at:
                findings.append(Finding(Fault.MISPLACED, number, found_at[0], digits))
        elif number is not None and number <= len(entries):
            findings.append(Finding(Fault.FORKED, number))
        else:
            findings.append(Finding(Fault.TRUNCATED, other=len(entries), head=digits))
    return findings


def _parse_head(head: str) -> tuple[int | None, str]:
    number, colon, digits = head.strip().lower().rpartition(":")
    is_hexadecimal = SHORTEST_HEAD <= len(digits) <= len(GENESIS) and not set(digits) - set("0123456789abcdef")
    if not is_hexadecimal or (colon and not number.isdecimal()):
        raise DomainError(
            f"{head!r} is not a published head: give at least {SHORTEST_HEAD} hexadecimal digits, or NUMBER:HASH"
        )
    return (int(number) if colon else None), digits
