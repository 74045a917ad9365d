"""
Receipts for labels: which label came when, from whom, and in which file; for the owner alone.

Under the owner's key they are sealed, like the labels that they repeat.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from proctor import owner
from proctor.errors import DataError
from proctor.gate.session import Session
from proctor.testset.requests import namespace

_CONTEXT = "receipts for labels"


class Receipt(NamedTuple):
    """Receipt for the label of one example: by whom and when it was given, in which file and where in it."""

    example: str
    label: str
    by: str
    at: str
    place: str


class Receipts(NamedTuple):
    """The book of receipts of one test set."""

    session: Session

    @property
    def file(self) -> Path:
        """File of the book, one receipt for each line of it."""
        return self.session.gate.resolve(".proctor/owner") / f"{namespace(self.session.testset)[:16]}.receipts.jsonl"

    def read(self) -> list[Receipt]:
        """
        Every receipt, in the order in which labels came.

        Raises:
            DataError: If the book cannot be read.
            KeyFault: If it is sealed and its key is not here, or another.
        """
        try:
            if not self.file.exists():
                return []
            with self.session.owner_key.opened(self.file, _CONTEXT).open_bytes() as file:
                return [Receipt(**json.loads(line)) for line in file.read().splitlines()]
        except (OSError, ValueError, TypeError):
            raise DataError(
                f"the receipts for labels {self.file} cannot be read",
                hint="Restore them from a copy; or move them away: who labeled what until now is then no longer known.",
            ) from None

    def add(self, receipts: Iterable[Receipt]) -> None:
        """
        Put *receipts* behind those that are there; one for a label that never reached its file is replaced.

        Raises:
            LedgerUnwritable: If the book cannot be written.
        """
        new = {each.example: each for each in receipts}
        kept = [each for each in self.read() if each.example not in new]
        content = "".join(json.dumps(each._asdict()) + "\n" for each in [*kept, *new.values()]).encode()
        if (key := self.session.owner_key.key) is not None:
            from proctor.testset.sealing import seal_bytes

            content = seal_bytes(content, key, _CONTEXT)
        owner.write(self.file, content)
