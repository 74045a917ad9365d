"""
Asking the owner for labels: files that name examples, for the owner's eyes.

Which examples they name tells something about the inputs (where two models disagree), so they are readable by their
owner alone and no message repeats it; messages say where the file is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.testset.examples import TestSet
from proctor.testset.forms import Form, blank_form, in_order
from proctor.writing import write_whole


def namespace(testset: TestSet) -> str:
    """The test set in which names of examples hold; without ids these examples alone, since rows may be dropped."""
    return testset.version if testset.ids is None else testset.fingerprint


class Requests(NamedTuple):
    """
    Requests for the labels of a test set.

    Attributes:
        folder: Where they lie; made with mode 0700 if it is not there. Files have mode 0600.
    """

    testset: TestSet
    folder: Path

    @property
    def record(self) -> Path:
        """File that remembers what was asked for: of each request a list of names, the last one at its end."""
        return self.folder / f"labels-asked-{namespace(self.testset)[:12]}.jsonl"

    def write(self, rows: NDArray[np.intp]) -> Path:
        """
        Ask for the labels of *rows*: a CSV with their names, in the order fixed at registration, and an empty column.

        Raises:
            DataError: If it cannot be written.
        """
        wanted = in_order(self.testset, rows)
        path = self.folder / f"labels-wanted-{self.testset.fingerprint[:12]}.csv"
        names = self.testset.names(wanted)
        asked = [*(each for each in self._asked() if each != names), names]
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.record, "".join(json.dumps(each) + "\n" for each in asked).encode())
            write_whole(path, blank_form(self.testset, wanted, Form.CSV).encode())
        except OSError as error:
            raise DataError(
                f"the request for labels cannot be written to {str(self.folder)!r}: {error.strerror}"
            ) from error
        return path

    def asked(self) -> frozenset[str]:
        """Names of all examples that were ever asked for; `DataError` if the record of them cannot be read."""
        return frozenset(name for names in self._asked() for name in names)

    def last(self) -> list[int]:
        """Rows of the last request, in its order; errors as `asked`."""
        names = (self._asked() or [[]])[-1]
        return [self.testset.row_of[name] for name in names if name in self.testset.row_of]

    def _asked(self) -> list[list[str]]:
        try:
            found = [json.loads(line) for line in self.record.read_text("utf-8").splitlines()]
        except (FileNotFoundError, NotADirectoryError):  # of the latter, whoever writes there is told
            return []
        except (OSError, ValueError):
            found = [None]
        if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in found):
            raise DataError(
                f"{self.record} cannot be read, which remembers what labels were asked for",
                hint="Remove it, and run the check again that asked for them.",
            )
        return found
