"""Words of the ledger for what came of something: a verdict and its reason, a notice."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Verdict on a candidate."""

    PASS = "pass"  # noqa: S105  # a verdict, not a password
    FAIL = "fail"
    WITHHELD = "withheld"


class Basis(StrEnum):
    """Reason for the verdict."""

    JUDGED = "judged"
    """The condition was tested on the test set."""
    FIRST_ACCEPTED = "first accepted"
    """There was no baseline; the gate file accepts the first candidate as one. Nothing was tested."""


class Stage(StrEnum):
    """Progress of a notice."""

    BEGUN = "begun"
    SENT = "sent"
    FAILED = "failed"
