"""
A stored result: written by the job that judged, posted by a job that may write comments.

The second job believes nothing of it but which entry of the ledger is meant; the verdict is read from the ledger, so a
forged file can at most repeat what was really decided.
"""

from __future__ import annotations

import json
from pathlib import Path

from proctor.errors import DataError
from proctor.frozen import dataclass
from proctor.gatefile import Gate
from proctor.github import artifact
from proctor.github.artifact import Artifact, Claim
from proctor.release import Release
from proctor.reports import json as rendering
from proctor.reports.comment import Problem

FILE = "proctor-result.json"
_MOST_BYTES = 1024 * 1024
_MOST_TEXT = 10_000


@dataclass(frozen=True)
class Named:
    """An entry of the ledger that a stored result names: test set and number."""

    testset: str
    entry: int


def store(folder: Path, said: Release | Problem | None, number: int | None, sha: str) -> None:
    """Write for another job a verdict, or why there is none; ``None`` if there was nothing to judge."""
    content: dict[str, object] = {"unchanged": True}
    match said:
        case Release():
            content = {"release": rendering.to_json(said)}
        case Problem(_, code, message, hint):
            content = {"problem": {"exit_code": code, "message": message, "hint": hint}}
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    if number is not None:
        artifact.pack(folder, Claim(number, sha))


def read(found: Artifact, gate: str) -> Named | Problem | None:
    """
    Read what a stored result names; ``None`` if nothing was judged.

    Raises:
        DataError: If it is not one.
    """
    path = found.files.get(FILE)
    if path is None or path.stat().st_size > _MOST_BYTES:
        raise DataError(f"the artifact has no {FILE}", hint="Did the job that judged run with `result:`?")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        content = None
    match content:
        case {"problem": {"exit_code": int(code), "message": str(message), "hint": str(hint)}} if 2 <= code <= 70:
            return Problem(gate, code, message[:_MOST_TEXT], hint[:_MOST_TEXT])
        case {"unchanged": True}:
            return None
        case {"release": {"entry": int(entry), "testset": {"fingerprint": str(fingerprint)}}}:
            return Named(fingerprint, entry)
        case _:
            raise DataError(f"{FILE} is not a stored result")


def recorded(named: Named, gate: Gate, sha: str) -> Release:
    """
    The release of the entry that is *named*, as the ledger has it.

    Raises:
        DataError: If there is no such verdict, or it is another gate's.
        LedgerError: If the ledger cannot be read.
    """
    from proctor.gate.books import LedgerView
    from proctor.gate.releasing import recorded_release
    from proctor.ledger import open_ledger
    from proctor.ledger.lives import lives

    entries = open_ledger(gate.ledger, gate.root).read()
    found = lives(entries)
    life = found.get(named.testset)
    taken = next((each for each in life.verdicts if each.entry.number == named.entry), None) if life else None
    if life is None or taken is None:
        raise DataError(f"the ledger has no verdict in entry {named.entry}, which the stored result names")
    if taken.record.origin.gate != gate.name:
        raise DataError(f"entry {named.entry} of the ledger belongs to another gate")
    return recorded_release(gate, LedgerView(entries[-1].hash, found, life), life, taken, sha)
