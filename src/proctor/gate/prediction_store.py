"""
Predictions of models that took part, kept beside the ledger by the digest of what was submitted.

An accepted model is measured again, on the same examples as each candidate (theory.md §5), without being run again.
The values are kept in the order fixed by the examples' content, so a shuffled test set finds them too.
They are believed because the gate wrote them: what came with a commit, a pull request's for example, is not.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from proctor.errors import DataError
from proctor.frozen import dataclass
from proctor.gate.owner_key import OwnerKey
from proctor.predictions import PredictionSet
from proctor.predictions.arrays import NO_ARRAY
from proctor.predictions.columns import Values, respelled
from proctor.runtime import is_tracked
from proctor.testset import TestSet
from proctor.writing import write_whole

_LEAST_BYTES, _ROW_BYTES = 4096, 16  # room for predictions of any model that passes


@dataclass(frozen=True)
class PredictionStore:
    """
    Predictions for one test set, kept in a folder.

    Attributes:
        owner_key: Seals what is kept where the inputs are sealed: what a model predicts there tells of them.
    """

    folder: Path
    testset: TestSet
    owner_key: OwnerKey

    def has(self, digest: str) -> bool:
        """True if the predictions of what has this *digest* are here."""
        return self._file(digest).exists()

    def put(self, digest: str, values: Values) -> None:
        """Keep *values*, in the order of the test set's file, whole or not at all; `DataError` if they cannot be."""
        if self.has(digest):
            return
        ordered = np.ascontiguousarray(values[self.testset.order])
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, values=ordered, check=_check(ordered))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            size = _LEAST_BYTES + _ROW_BYTES * len(ordered)
            write_whole(self._file(digest), self.owner_key.wrap(content.getvalue(), digest, size), None)
        except OSError as error:
            raise DataError(
                f"predictions cannot be kept in {str(self.folder)!r}: {error.strerror}",
                hint="Nothing was spent. It must be a folder that this user may write to, with space left.",
            ) from None

    def get(self, digest: str, source: str) -> PredictionSet:
        """
        The predictions of what has this *digest*, in the order of the test set's file.

        Raises:
            DataError: If they are not here, damaged, or committed to a repository.
        """
        if is_tracked(self._file(digest)):
            raise DataError(
                f"the predictions of {source!r} in {str(self.folder)!r} came with a commit: anybody may have made them",
                hint=f"Nothing was spent. Take the folder out of the repository: `git rm -r --cached "
                f"{self.folder.parent.name}`; it keeps itself out from then on.",
            )
        try:
            content = self.owner_key.unwrap(self._file(digest).read_bytes(), digest)
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                ordered, check = archive["values"], archive["check"]
        except NO_ARRAY:
            raise self._lost(source) from None
        if len(ordered) != self.testset.n_examples or not np.array_equal(check, _check(ordered)):
            raise self._lost(source)
        spelled = respelled(ordered)
        values = np.empty_like(spelled)
        values[self.testset.order] = spelled
        return PredictionSet(values, self.testset.ids, digest, source)

    def _file(self, digest: str) -> Path:
        return self.folder / f"{self.testset.version[:16]}-{digest[:32]}.npz"

    def _lost(self, source: str) -> DataError:
        return DataError(
            f"the predictions of the accepted model {source!r} are damaged or not in {str(self.folder)!r}",
            hint="Restore the folder from a copy, or name its predictions: `baseline: {predictions: FILE}`.",
        )


def _check(values: Values) -> Values:
    return np.frombuffer(hashlib.sha256(values.dtype.str.encode() + values.tobytes()).digest(), np.uint8)
