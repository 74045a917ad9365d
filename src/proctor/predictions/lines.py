"""
Lines of a text file, packed by gzip or not, without taking more memory than a table needs.

A line without an end, and a small file that unpacks to a huge one, are refused before they fill the memory.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, TextIO

from proctor.errors import DataError

if TYPE_CHECKING:
    from proctor.predictions.tables import Source

_LONGEST_LINE = 1 << 28
_BEGINNING = 256
_FREELY_UNPACKED, _MOST_RATIO = 1 << 28, 100
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")


def lines(source: Source, file: TextIO) -> Iterator[str]:
    """
    The lines of *file*, with their ends.

    Raises:
        DataError: If one is longer than any line of a table.
    """
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise DataError(f"{source}, line {number} does not end", hint="Each example needs a line of its own")
        yield line


def text_of(source: Source, file: BinaryIO) -> TextIO:
    """
    The text of a *file* of bytes, unpacked; UTF-8 with or without a byte-order mark.

    Raises:
        DataError: If it is plainly something else, named as what it seems to be.
    """
    if source.is_packed:
        file = io.BufferedReader(_Unpacked(source, file))
    try:
        _refuse_other_encodings(source, file.peek(_BEGINNING) if isinstance(file, io.BufferedReader) else _peek(file))
    except BaseException:
        file.close()
        raise
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


def _peek(file: BinaryIO) -> bytes:
    beginning = file.read(_BEGINNING)
    file.seek(0)
    return beginning


def _refuse_other_encodings(source: Source, whole: bytes) -> None:
    beginning = whole[:_BEGINNING]
    if beginning.startswith(b"\x1f\x8b"):
        raise DataError(
            f"{source} is packed by gzip",
            hint="Unpack it, or pack it once and end its name in .gz, for example labels.csv.gz",
        )
    if beginning.startswith(b"PK\x03\x04"):
        raise DataError(f"{source} is a ZIP archive or a workbook of Excel", hint="Save the table itself, in UTF-8")
    if beginning.startswith(_BYTE_ORDER_MARKS) or beginning.count(0) * 3 > len(beginning) > 0:
        raise DataError(
            f"{source} is UTF-16 (or UTF-32) text", hint="Save it in UTF-8; Excel calls that 'CSV UTF-8 (*.csv)'"
        )


class _Unpacked(io.RawIOBase):
    """Content of a gzip file, as far as that is in proportion to its size."""

    def __init__(self, source: Source, file: BinaryIO) -> None:
        super().__init__()
        self._source, self._packed, self._read = source, file, 0
        self._most = _FREELY_UNPACKED + _MOST_RATIO * file.seek(0, io.SEEK_END)
        file.seek(0)
        self._file = gzip.GzipFile(fileobj=file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        try:
            data = self._file.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{self._source} is cut short, or not packed by gzip", hint="Write it again") from error
        self._read += len(data)
        if self._read > self._most:
            raise DataError(
                f"{self._source} unpacks to more than {self._most:,} bytes, out of proportion to its size",
                hint="Give it unpacked",
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()
