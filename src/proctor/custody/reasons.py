"""Reasons of the owner's acts, which everybody can read in the ledger."""

from __future__ import annotations

from proctor.errors import Misuse

_LONGEST = 200


def refuse_no_reason(reason: str, hint: str = "") -> None:
    """
    Refuse a reason that is none, or more than one line.

    Raises:
        Misuse: If it is; *hint* says what to write.
    """
    if not reason.strip() or not reason.isprintable() or len(reason) > _LONGEST:
        raise Misuse(f"the reason must be one line of at most {_LONGEST} characters, not {reason[:60]!r}", hint=hint)
