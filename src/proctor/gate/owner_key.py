"""
Everything that needs the owner's key: sealed labels and inputs, private records, the ledger's signature.

A sealed file is opened in memory, in this process only. Without the key everything that does not need it still works:
`status`, recorded answers, and the refusals that come before any label is read.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from proctor import owner
from proctor.environment import forbid_core_dumps
from proctor.errors import KeyFault, SandboxError
from proctor.frozen import dataclass
from proctor.gate.marks import Marks
from proctor.gatefile import Gate, Inputs
from proctor.predictions import Source
from proctor.runtime import Runtime, is_tracked
from proctor.testset import ExampleFiles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from proctor.testset.hashing import Hashes
    from proctor.testset.keys import Key

_KEY_VARIABLE = "PROCTOR_KEY"
_MAGIC = b"PROCTOR"
_PADDED, _LENGTH = b"padded\0\0", struct.Struct("<8sQ")


class LockedSource(Source):
    """A sealed file whose key is not here: it can be named, not read."""

    def open_bytes(self) -> BinaryIO:
        """Never opens."""
        raise KeyFault(
            f"{self} is sealed, and its key is not here",
            hint=f"Set {_KEY_VARIABLE}, or name the key file: `owner: {{key: FILE}}`. Nothing was spent.",
        )


@dataclass(frozen=True)
class OwnerKey:
    """
    The owner's key, where there is one, and what is done with it.

    Attributes:
        is_owners: True if the owner asks, who may be told where in the file of labels something is wrong.
    """

    gate: Gate
    runtime: Runtime
    is_owners: bool = False

    @cached_property
    def key(self) -> Key | None:
        """
        The owner's key; ``None`` if there is none here. `cryptography` is loaded only if there is.

        Raises:
            KeyFault: If what is named is no key, or one that a commit may have put in the place of the owner's: with it
                the books could begin anew, since marks that the owner signed would be a stranger's.
        """
        if self.gate.owner.key is None and not self.runtime.keys.get(_KEY_VARIABLE, "").strip():
            return None
        from proctor.testset.keys import find_key

        forbid_core_dumps()
        file = self.gate.resolve(self.gate.owner.key) if self.gate.owner.key else None
        found = find_key(self.runtime.keys, file)
        if file is not None:
            if is_tracked(file):
                raise KeyFault(
                    f"the key file {self.gate.owner.key!r} came with a commit: whoever made it has the key",
                    hint="Keep the owner's key out of the repository, and name it there: `owner: {key: FILE}`.",
                )
            given = find_key(self.runtime.keys)
            if given is not None and given != found:
                raise KeyFault(
                    f"the key file {self.gate.owner.key!r} holds another key than {_KEY_VARIABLE}",
                    hint="Leave `owner: {key: …}` out of the gate file, or unset the variable. Nothing was spent.",
                )
        return found

    @property
    def ledger_key(self) -> bytes | None:
        """Key that signs the ledger's entries."""
        from proctor.ledger import derive_key

        return derive_key(self.key.text.encode()) if self.key else None

    @cached_property
    def marks(self) -> Marks:
        """High-water marks: how far the books were known to go."""
        return Marks(self.gate, self.runtime, self.ledger_key, self.pair)

    @property
    def pair(self) -> str | None:
        """The mark of the sealed labels, which anybody can read; ``None`` if they are not sealed."""
        return pair_of(self.gate.resolve(self.gate.testset.labels))

    def files(self) -> ExampleFiles:
        """
        The files of the test set, opened as far as there is a key.

        Raises:
            KeyFault: If the key is another one, or a file was changed.
            SandboxError: If inputs are declared sealed and lie in the open, or the other way around.
        """
        source = self.gate.testset
        labels = self.gate.resolve(source.labels)
        features = self.gate.resolve(source.features) if source.features else None
        sealed_inputs = source.inputs is Inputs.SEALED
        if sealed_inputs and features is not None and features.exists() and not is_sealed(features):
            raise SandboxError(
                f"`inputs: sealed` is declared, but {str(source.features)!r} lies in the open",
                hint="Seal it: `proctor testset seal --help`; or declare `inputs: open`.",
            )
        if not sealed_inputs and features is not None and is_sealed(features):
            raise SandboxError(
                f"{str(source.features)!r} is sealed, but `inputs: open` is declared: candidates would see it for free",
                hint="Declare `inputs: sealed`; or name the open file.",
            )
        if features is not None and self.key is not None and is_sealed(features) and is_sealed(labels):
            from proctor.testset.sealing import check_pair

            check_pair(labels, features)
        metadata = self.gate.resolve(source.metadata) if source.metadata else None
        if metadata is not None:
            self._refuse_other_metadata(metadata, labels, is_sealed_testset=sealed_inputs)
        return ExampleFiles(
            labels=self._source(labels, "labels", is_private=True),
            features=self._source(features, "inputs", is_private=sealed_inputs) if features else None,
            id=source.id,
            label=source.label,
            classes=frozenset(source.classes) if source.classes else None,
            key=self._row_key() if sealed_inputs else b"",
            reading=self.gate.reading,
            metadata=self._source(metadata, "metadata", is_private=sealed_inputs) if metadata else None,
        )

    def _refuse_other_metadata(self, metadata: Path, labels: Path, *, is_sealed_testset: bool) -> None:
        """
        Refuse metadata that are not sealed where the inputs are, or the other way around.

        In the open, a row that a commit leaves out would tell by an error whether its example is in the test set.
        """
        name = repr(self.gate.testset.metadata)
        if not is_sealed_testset and is_sealed(metadata):
            raise SandboxError(f"{name} is sealed, and slices go by it", hint="Name the open file.")
        if is_sealed_testset and metadata.exists() and not is_sealed(metadata):
            raise SandboxError(
                f"`inputs: sealed` is declared, but the metadata {name} lie in the open",
                hint="Seal them with labels and features: `proctor testset seal LABELS --features FILE --metadata "
                "FILE`.",
            )
        if is_sealed_testset and self.key is not None and is_sealed(metadata) and is_sealed(labels):
            from proctor.testset.sealing import check_pair

            check_pair(labels, metadata)

    def opened(self, path: Path, context: str) -> Source:
        """
        A file that the owner names, opened in memory if it is sealed.

        Raises:
            KeyFault: If it is sealed and the key is missing or another.
        """
        if not is_sealed(path):
            return Source(path, is_private=True, fence=self.gate.fence, is_owners=True)
        from proctor.testset.sealing import open_file

        return Source(path, open_file(path, self.key, context), is_private=True)

    def conceal(self, figures: Mapping[str, Any], context: str) -> tuple[owner.Private, str | None]:
        """
        The part of the private *figures* that enters the ledger, and the salt that opens it where it is a commitment.

        The *context* belongs to this entry alone: the hash of the entry before it.
        """
        if self.key is not None:
            from proctor.testset.sealing import seal_record

            return seal_record(figures, self.key, context), None
        salt = self.runtime.random_bytes(owner.SALT_BYTES)
        return owner.commitment(figures, salt), salt.hex()

    def register_salt(self, fingerprint: str) -> bytes:
        """
        Salt of the register of a test set's labels: random, or with the key always the same.

        So the register can be made again from the labels wherever the key is.
        """
        if self.key is None:
            return self.runtime.random_bytes(owner.SALT_BYTES)
        from proctor.testset.keys import Purpose, derive

        return derive(self.key.subkey(Purpose.LABELS), None, fingerprint.encode())

    def pin(self, predictions: str, fingerprint: str) -> str:
        """
        Digest by which an accepted model's predictions on a test set, given by theirs, are recognized later: 64 digits.

        With the key nobody else can try predictions out; without it the inputs are open, and anybody can run the model.
        """
        secret = b"proctor open predictions"
        if self.key is not None:
            from proctor.testset.keys import Purpose

            secret = self.key.subkey(Purpose.PREDICTIONS)
        return hmac.new(secret, f"{fingerprint}\0{predictions}".encode(), "sha256").hexdigest()

    def draws(self, hashes: Hashes) -> NDArray[np.float64]:
        """
        Random numbers by which examples, given by row hashes, are drawn for labeling; the same in its whole life.

        Who knew them could have a model agree with the old one wherever nobody looks, so they come from the key.

        Raises:
            KeyFault: If there is no key.
        """
        if self.key is None:
            raise KeyFault(
                "`labels: sampled` draws examples by the owner's key, and it is not here",
                hint=f"Set {_KEY_VARIABLE}, or name the key file: `owner: {{key: FILE}}` (`proctor testset seal` makes "
                "one); or write `labels: all`. Nothing was spent.",
            )
        from proctor.testset.hashing import draws
        from proctor.testset.keys import Purpose

        return draws(hashes, self.key.subkey(Purpose.DRAWS))

    def sign(self, text: str) -> str:
        """Signature of a *text* of the owner's, 64 hexadecimal digits; anybody's where the labels are not sealed."""
        secret = b"proctor open labels"
        if self.pair is not None and self.key is not None:
            from proctor.testset.keys import Purpose

            secret = self.key.subkey(Purpose.NOTES)
        return hmac.new(secret, text.encode(), "sha256").hexdigest()

    def wrap(self, content: bytes, context: str, least: int = 0) -> bytes:
        """
        Bytes that may lie on a disk: sealed where inputs are sealed, as they are elsewhere.

        A model could say something by what it writes packing well or badly, so what is sealed has a coarse length.
        """
        if self.gate.testset.inputs is not Inputs.SEALED or self.key is None:
            return content
        from proctor.testset.sealing import seal_bytes

        size = max(least, 1 << (_LENGTH.size + len(content) - 1).bit_length())
        padded = (_LENGTH.pack(_PADDED, len(content)) + content).ljust(size, b"\0")
        return seal_bytes(padded, self.key, context)

    def unwrap(self, content: bytes, context: str) -> bytes:
        """The inverse of `wrap`."""
        if not content.startswith(_MAGIC):
            return content
        if self.key is None:
            raise KeyFault("kept predictions are sealed, and their key is not here", hint=f"Set {_KEY_VARIABLE}.")
        from proctor.testset.sealing import open_bytes

        opened = open_bytes(content, self.key, context)
        if not opened.startswith(_PADDED):  # as earlier versions wrote it
            return opened
        _, length = _LENGTH.unpack_from(opened)
        return opened[_LENGTH.size : _LENGTH.size + length]

    def _source(self, path: Path, context: str, is_private: bool) -> Source:
        if not is_sealed(path):
            fences = {"labels": self.gate.fence, "inputs": self.gate.guard_of_features}
            fence = fences.get(context, self.gate.guard)
            return Source(path, is_private=is_private, fence=fence, is_owners=self.is_owners)
        if self.key is None:
            return LockedSource(path, is_private=is_private)
        from proctor.testset.sealing import open_file

        return Source(path, open_file(path, self.key, context), is_private)

    def _row_key(self) -> bytes:
        if self.key is None:
            raise KeyFault("the inputs are sealed, and their key is not here", hint=f"Set {_KEY_VARIABLE}.")
        from proctor.testset.keys import Purpose

        return self.key.subkey(Purpose.ROWS)


def is_sealed(path: Path) -> bool:
    """True if *path* is a sealed file; looks at its first bytes only."""
    try:
        if not path.is_file():  # a pipe would wait for its writer
            return False
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def pair_of(path: Path) -> str | None:
    """The mark of a sealed file, which anybody can read; ``None`` if *path* is not sealed."""
    if not is_sealed(path):
        return None
    from proctor.testset.sealing import file_facts

    return file_facts(path).pair
