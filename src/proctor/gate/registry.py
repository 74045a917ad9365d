"""
The owner's register of labels: written before the test set is registered, valid once it is.

Several jobs may try to register the same test set at once, in one folder too, and any of them may be killed: each
writes a draft under the commitment that its entry makes, and the draft of the entry that the ledger took is the
register. With the owner's key the file is sealed: who knows its salt and the examples can try labels out.

A fresh clone has no register. With the key it is made again from the labels, and their commitment in the ledger tells
whether these are the ones. Without the key nothing can tell: a commitment whose salt is public would confirm guesses,
and of labels that are mostly one class, or mostly what a good model says, few guesses are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from proctor import owner
from proctor.errors import DataError
from proctor.frozen import dataclass
from proctor.gate.owner_key import OwnerKey
from proctor.ledger.history import TestSetHistory
from proctor.predictions import Labels
from proctor.testset import LabelRegister, register_labels
from proctor.testset.hashing import Hashes

_FOLDER = ".proctor/owner"
_CONTEXT = "register of labels"


@dataclass(frozen=True)
class Registry:
    """The register of one test set's labels."""

    owner_key: OwnerKey
    fingerprint: str

    def file(self, commitment: str) -> Path:
        """The register of labels with this *commitment*: another ledger's registration of the same set has its own."""
        name = "".join(filter(str.isalnum, commitment))[:16]  # it comes from the ledger: no path
        return self.owner_key.gate.resolve(_FOLDER) / f"{self.fingerprint[:16]}.{name}.labels.npz"

    def draft(self, register: LabelRegister) -> None:
        """Write what will be the register once the ledger has taken its commitment; errors as `proctor.owner.write`."""
        owner.write(self._draft(register.commitment), self._sealed(register))

    def settle(self, commitment: str) -> None:
        """Make the draft of *commitment*, which the ledger took, the register; nothing if there is none here."""
        draft = self._draft(commitment)
        if draft.exists():
            draft.replace(self.file(commitment))

    def discard(self, commitment: str) -> None:
        """Remove the draft of *commitment*, which the ledger did not take; with the key it is also everybody else's."""
        if self.owner_key.key is None:
            self._draft(commitment).unlink(missing_ok=True)

    def made_from(self, hashes: Hashes, labels: Labels) -> LabelRegister:
        """The register of *labels*, which are those of the examples with these row *hashes*."""
        return register_labels(hashes, labels, self.owner_key.register_salt(self.fingerprint))

    def salt(self, life: TestSetHistory) -> bytes | None:
        """The secret of the tags of this test set's labels; ``None`` if neither the key nor the register is here."""
        if self.owner_key.key is not None:
            return self.owner_key.register_salt(self.fingerprint)
        register = self.read(life)
        return register.salt if register is not None else None

    def write(self, register: LabelRegister) -> None:
        """Replace the register; errors as `proctor.owner.write`."""
        owner.write(self.file(register.commitment), self._sealed(register))

    def read(self, life: TestSetHistory) -> LabelRegister | None:
        """
        The register as of the last correction, else as of registration; ``None`` if neither was made on this machine.

        Raises:
            DataError: If it is damaged or cannot be read.
            KeyFault: If it is sealed and the key is missing or another.
        """
        earlier = () if life.changes and self.owner_key.key is not None else (life.registered.record.labels,)
        for commitment in (life.labels, *earlier):
            self.settle(commitment)  # a machine may have died right after the entry
            file = self.file(commitment)
            try:
                content = file.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise DataError(f"the owner's record of labels {file} cannot be read: {error.strerror}") from None
            return LabelRegister.from_bytes(self.owner_key.unwrap(content, _CONTEXT))
        return None

    def held(self, life: TestSetHistory, hashes: Hashes, read_labels: Callable[[], Labels]) -> LabelRegister:
        """The register; with the key, made again from the labels where it is not here. Else it is a `DataError`."""
        found = self.read(life)
        if found is None and self.owner_key.key is not None:
            made = self.made_from(hashes, read_labels())
            found = made if made.commitment == life.labels else None
        if found is None:
            raise DataError(
                f"the owner's record of labels {self.file(life.labels)} is not here",
                hint="It was written where the test set was registered; work there, or restore it from a copy. With "
                "the owner's key, the registered labels in their place are enough.",
            )
        return found

    def _draft(self, commitment: str) -> Path:
        return self.file(commitment).with_suffix(".draft")

    def _sealed(self, register: LabelRegister) -> bytes:
        content = register.to_bytes()
        if self.owner_key.key is None:
            return content
        from proctor.testset.sealing import seal_bytes

        return seal_bytes(content, self.owner_key.key, _CONTEXT)
