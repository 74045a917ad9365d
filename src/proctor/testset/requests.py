"""
Asking the owner for labels: a file that names the examples, for the owner's eyes.

Which examples it names tells something about the inputs (where two models disagree), so it is readable by its
owner alone and no message repeats it; messages say how many and where the file is.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.testset.examples import TestSet
from proctor.writing import write_whole


class LabelRequest(NamedTuple):
    """
    A file that was written.

    Attributes:
        path: Where it is.
        n_examples: Number of examples that it names.
    """

    path: Path
    n_examples: int


def write_request(exam: TestSet, rows: NDArray[np.intp], folder: Path) -> LabelRequest:
    """
    Write the examples that need a label: a CSV with their ids (or row numbers from 1) and an empty column.

    Args:
        exam: The test set.
        rows: Rows that need a label.
        folder: Where to write; made with mode 0700 if it is not there. The file has mode 0600.

    Raises:
        DataError: If it cannot be written.
    """
    path = folder / f"labels-wanted-{exam.fingerprint[:12]}.csv"
    names = [exam.ids[row] if exam.ids is not None else str(row + 1) for row in rows.tolist()]
    content = io.StringIO(newline="")
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow((exam.files.id if exam.ids is not None else "row", exam.files.label))
    writer.writerows((name, "") for name in names)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content.getvalue().encode())
    except OSError as error:
        raise DataError(f"the request for labels cannot be written to {str(folder)!r}: {error.strerror}") from error
    return LabelRequest(path, len(names))
