"""
Lines of test sets that followed one another, and the sum of their error probabilities (theory.md §1, end).

Pure: lives in, facts out. An heir starts with what the set before it had left, so a line of heirs has the δ of its
first (theory.md §4.6). A set with a budget of its own adds its δ, unless set j is registered with δ2^−j.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from math import fsum
from typing import NamedTuple

from proctor.errors import ContractError, DomainError, LedgerCorrupt, Misuse
from proctor.ledger.history import TestSetHistory
from proctor.reports.sentences import count

_DIGITS = Decimal(1).scaleb(-15)


class Lineage(NamedTuple):
    """Test sets that followed one another, the first one first."""

    sets: tuple[TestSetHistory, ...]

    @property
    def error_sum(self) -> float:
        """Upper bound on the probability that any proven outcome in the lineage is wrong."""
        records = (life.registered.record for life in self.sets)
        return fsum(record.contract.error_probability for record in records if not record.inherits)

    @property
    def project_error(self) -> float | None:
        """Error probability that the owner last asked for the whole project; ``None`` if never."""
        asked = [life.registered.record.project_error for life in self.sets]
        return next((error for error in reversed(asked) if error is not None), None)

    def upto(self, fingerprint: str) -> Lineage:
        """The lineage as it was when a test set was its last."""
        names = [life.registered.record.testset for life in self.sets]
        return Lineage(self.sets[: names.index(fingerprint) + 1])


def lineage(lives: Mapping[str, TestSetHistory], fingerprint: str) -> Lineage:
    """
    The lineage that a registered test set belongs to: its ancestors, itself, its successors.

    Raises:
        LedgerCorrupt: If the entries name a predecessor that is not there, or turn in a circle.
    """
    chain = [lives[fingerprint]]
    while (before := chain[0].registered.record.predecessor) is not None:
        if before not in lives or len(chain) > len(lives):
            raise LedgerCorrupt(f"the ledger names {before[:12]} as a predecessor, which it does not register")
        chain.insert(0, lives[before])
    while (after := successor(lives, chain[-1].registered.record.testset)) is not None and len(chain) <= len(lives):
        chain.append(after)
    return Lineage(tuple(chain))


def successor(lives: Mapping[str, TestSetHistory], fingerprint: str) -> TestSetHistory | None:
    """The test set that followed this one, if there is one."""
    return next((life for life in lives.values() if life.registered.record.predecessor == fingerprint), None)


def followed(lives: Mapping[str, TestSetHistory]) -> tuple[str, ...]:
    """
    The test sets that have been followed by another: as a named predecessor, or in passing.

    A gate that registers its next set at the first check on it names no predecessor; so a set is over as well once
    every gate that used it uses one that was registered later.
    """
    if len(lives) < 2:
        return ()
    named = {life.registered.record.predecessor for life in lives.values()}
    found: list[str] = []
    later: set[str] = set()
    for fingerprint, life in reversed(list(lives.items())):
        gates = life.gates
        if fingerprint in named or gates <= later:
            found.insert(0, fingerprint)
        later |= gates
    return tuple(found)


def last_set(lives: Mapping[str, TestSetHistory], name: str | None, gate: str) -> TestSetHistory:
    """
    The test set that is to be followed: the one whose fingerprint begins with *name*, else the last one of *gate*.

    Raises:
        Misuse: If there is none, or several could be meant, or it has been followed already.
    """
    ends = [life for life in lives.values() if successor(lives, life.registered.record.testset) is None]
    if name is not None:
        found = [life for key, life in lives.items() if key.startswith(name.lower())]
    else:
        found = [life for life in ends if gate in life.gates] or ends
    if len(found) != 1:
        known = ", ".join(life.registered.record.testset[:12] for life in found or lives.values()) or "none"
        raise Misuse(
            "which test set is to be followed is not clear" if lives else "the ledger holds no test set to follow",
            hint=f"Name it: --predecessor FINGERPRINT; there are {known}."
            if lives
            else "Register the first one: `proctor testset register`.",
        )
    if found[0] not in ends:
        after = successor(lives, found[0].registered.record.testset)
        assert after is not None  # noqa: S101  # it is no end
        raise Misuse(
            f"test set {found[0].registered.record.testset[:12]} has a successor already: "
            f"{after.registered.record.testset[:12]}",
            hint="Follow that one.",
        )
    return found[0]


# --- a reliability for the whole project -----------------------------------------------------------------------------


def project_error(reliability: float | None, before: Lineage) -> float | None:
    """Error probability of the whole project, as asked now or before; `DomainError` if *reliability* is none."""
    if reliability is None:
        return before.project_error
    if not 0 < reliability < 1:
        raise DomainError(f"the project's reliability must lie between 0 and 1, not {reliability!r}")
    return float(1 - Decimal(repr(reliability)))


def needed_reliability(project: float, number: int) -> float:
    """
    Lowest reliability of the test set with this *number* (from 1): one minus δ2^−number, rounded up.

    >>> needed_reliability(0.01, 1), needed_reliability(0.01, 2)
    (0.995, 0.9975)
    """
    share = Decimal(repr(project)) / 2**number
    return float((1 - share).quantize(_DIGITS, rounding=ROUND_CEILING))


def refuse_above_share(project: float | None, before: Lineage, reliability: float) -> None:
    """
    Refuse a test set that would take more than its share of δ of the whole *project*, with its *reliability*.

    Raises:
        ContractError: If it takes more than δ2^−j, or the sets before took more than theirs together.
    """
    if project is None:
        return
    number = len(before.sets) + 1
    spent, allowed = before.error_sum, project * (1 - 0.5 ** (number - 1))
    whole = f"{_percent(1 - project)} for the whole project"
    if spent > allowed * (1 + 1e-9):
        raise ContractError(
            f"{whole} is out of reach: the {count(number - 1, 'test sets')} before this one may be wrong with "
            f"probability {spent:.6g} in all, and the share for that is {allowed:.6g}",
            hint=f"Ask for less: at most {_percent(1 - spent / (1 - 0.5 ** (number - 1)))}.",
        )
    needed = needed_reliability(project, number)
    if reliability < needed:
        raise ContractError(
            f"{whole} leaves test set {number} the share {project:g}·2^-{number} of it, so it must be registered with "
            f"a reliability of {needed!r} or more, not {reliability!r}",
            hint=f"Write `reliability: {needed!r}` into the gate file; `proctor plan` says what that takes.",
        )


def _percent(share: float) -> str:
    return f"{share * 100:.10g} %"
