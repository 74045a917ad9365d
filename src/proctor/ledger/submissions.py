"""Submissions as the ledger knows them: by digests, of a model or of the columns of a file of predictions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from proctor.frozen import dataclass, replace


@dataclass(frozen=True)
class Submission:
    """
    Submission of a developer, known by its digest and never by what a model did on the inputs.

    Attributes:
        digest: SHA-256 of the artifacts (and the command), hexadecimal.
        source: The developer's own words for it: a path or a command.
        commit: Commit that it belongs to, where known.
        columns: Digests of the columns of a file, by name, where conditions read columns of their own: *digest* is then
            that of one of them, or of all at once. ``None``, and not in the entry, where all read one.
    """

    digest: str
    source: str
    commit: str | None = None
    columns: Mapping[str, str] | None = None

    @property
    def whole(self) -> Submission:
        """The same with all its columns."""
        if self.columns is None:
            return self
        text = json.dumps(sorted(self.columns.items()))
        return replace(self, digest=hashlib.sha256(f"proctor columns 2\0{text}".encode()).hexdigest())

    def on(self, column: str) -> Submission | None:
        """The same in one of its columns; ``None`` if nothing is known of that one."""
        digest = (self.columns or {}).get(column)
        return replace(self, digest=digest) if digest is not None else None
