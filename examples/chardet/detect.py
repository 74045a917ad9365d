"""
Write the answers of whichever release of chardet is on the path: ``detect.py FEATURES PREDICTIONS``.

Runs in a process of its own for each release; it is given byte strings and never an answer.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import chardet
from exam import codec_name


def main(features: Path, predictions: Path) -> None:
    """Read ids and byte strings, write ids and names of codecs."""
    with features.open(newline="") as source, predictions.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["id", "prediction"])
        for row in csv.DictReader(source):
            answer = chardet.detect(bytes.fromhex(row["bytes"]))["encoding"]
            writer.writerow([row["id"], codec_name(answer)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
