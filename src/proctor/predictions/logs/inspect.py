"""
Logs of Inspect: ``.eval`` archives, and the same as one JSON file.

Of an archive only the header and the summaries of the samples are read, which hold every score.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, BinaryIO

from proctor.errors import DataError, MissingExtra
from proctor.predictions.logs import Log, Samples, collect, cut_off, malformed, parsed, refuse_long, scores_by_name
from proctor.predictions.logs.decoding import Json
from proctor.predictions.logs.digests import digests_of
from proctor.predictions.logs.shapes import INSPECT_HEADER, INSPECT_SAMPLES
from proctor.predictions.tables import Source

_ZSTANDARD = 93
_LOCAL_HEADER = 30
_COMPARED = 200
"""Letters of a question by which it is known: summaries cut long ones off, each version somewhere else."""


def read_archive(source: Source) -> Log:
    """Read a log that is an archive; errors as `proctor.predictions.logs.read_log`."""
    with source.open_bytes() as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = {member.filename: member for member in archive.infolist()}
                if "header.json" not in members or "summaries.json" not in members:
                    raise cut_off(source, "its header is missing")
                header, summaries = (
                    parsed(source, _content(source, file, archive, members[name]), shape)
                    for name, shape in (("header.json", INSPECT_HEADER), ("summaries.json", INSPECT_SAMPLES))
                )
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise cut_off(source, "it is no whole archive") from error
    return _log(source, header, summaries)


def read_whole(source: Source, content: dict[str, Json]) -> Log:
    """The log that is one JSON value; errors as `proctor.predictions.logs.read_log`."""
    return _log(source, content, content.get("samples") or [])


def _log(source: Source, header: Json, samples: Json) -> Log:
    try:
        _refuse_unfinished(source, header, len(samples))
        return collect(source, "Inspect", str(header["eval"]["task"]), _samples(samples))
    except (KeyError, TypeError, AttributeError) as error:
        raise malformed(source, error) from error


def _refuse_unfinished(source: Source, header: dict[str, Any], n_samples: int) -> None:
    total = (header.get("results") or {}).get("total_samples", n_samples)
    if header["status"] != "success" or header.get("invalidated"):
        said = "was invalidated" if header.get("invalidated") else f"ended with the status {header['status']!r}"
        raise DataError(f"{source} is the log of a run that {said}", hint="Run it again, or `inspect eval-retry` it")
    if total != n_samples:
        raise DataError(
            f"{source} holds {n_samples:,} of {total:,} samples", hint="Run it again, or `inspect eval-retry` it"
        )


def _samples(samples: list[dict[str, Any]]) -> Samples:
    scores = [sample.get("scores") or {} for sample in samples]
    return Samples(
        ids=[str(sample["id"]) for sample in samples],
        asked=digests_of([_asked(sample) for sample in samples]),
        scores=scores_by_name([{name: score["value"] for name, score in each.items()} for each in scores]),
        answers=[_answer(each) for each in scores],
        epochs=[int(sample.get("epoch", 1)) for sample in samples],
    )


def _asked(sample: dict[str, Any]) -> str:
    return f"{_text(sample['input'])[:_COMPARED]}\0{_text(sample.get('target', ''))[:_COMPARED]}"


def _answer(scores: dict[str, Any]) -> str | None:
    """The text that was scored, where there is one score of it."""
    answers = [score.get("answer") for score in scores.values()]
    return answers[0] if len(answers) == 1 and isinstance(answers[0], str) else None


def _text(given: Json) -> str:
    """The words of an input: a text, or those of messages, whose own ids are drawn anew in every run."""
    if isinstance(given, str):
        return given
    parts = (part.get("content", part.get("text", "")) if isinstance(part, dict) else part for part in given)
    return "\n".join(_text(part) for part in parts)


def _content(source: Source, file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, which Inspect packs by Zstandard where it can."""
    refuse_long(source, member.file_size)
    if member.compress_type != _ZSTANDARD:
        try:
            return archive.read(member)
        except NotImplementedError as error:
            raise cut_off(source, "it is packed in a way that is not known") from error
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtra(
            f"{source} is packed by Zstandard, which needs the package zstandard",
            hint="Install it with: pip install 'proctor[inspect]'",
        ) from error
    file.seek(member.header_offset)
    head = file.read(_LOCAL_HEADER)
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), io.SEEK_CUR)
    packed = io.BytesIO(file.read(member.compress_size))
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
            content: bytes = reader.read(member.file_size + 1)
    except zstandard.ZstdError as error:
        raise cut_off(source, "a part of it cannot be unpacked") from error
    if len(content) != member.file_size:
        raise cut_off(source, "a part of it is not as long as it says")
    return content
