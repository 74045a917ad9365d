"""Samples that lm-evaluation-harness logs (``--log_samples``): JSON Lines, one for each document and filter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from proctor.predictions.lines import lines
from proctor.predictions.logs import Log, Samples, collect, cut_off, malformed, repeated, scores_by_name
from proctor.predictions.logs.decoding import Json, decoder
from proctor.predictions.logs.digests import digest_of
from proctor.predictions.logs.shapes import shape
from proctor.predictions.tables import Source

_NEEDED = frozenset({"doc_id", "doc", "target", "resps", "filtered_resps", "doc_hash"})
_KNOWN = _NEEDED | {"arguments", "filter", "metrics", "prompt_hash", "target_hash"}
_READ = frozenset({"doc_id", "doc_hash", "filter", "filtered_resps", "metrics"})
_NAME = re.compile(r"samples_(.+)_\d{4}-\d\d-\d\dT")
_BEGINNING = 1 << 16


class _Sample(NamedTuple):
    id: str
    asked: str
    scores: dict[str, Json]
    answer: str | None = None


def is_log(source: Source) -> bool:
    """True if the first line is a sample; of a very long line the beginning tells."""
    line = ""
    try:
        with source.open_text() as file:
            line = file.readline(_BEGINNING)
        first = json.loads(line)
    except (ValueError, RecursionError):
        return line.startswith('{"doc_id": ') and '"doc": ' in line
    return isinstance(first, dict) and first.keys() >= _NEEDED


def read(source: Source) -> Log:
    """Read a file of samples; errors as `proctor.predictions.logs.read_log`."""
    samples: list[_Sample] = []
    filters: list[str] = []
    with source.open_text() as file:
        try:
            for row in _rows(lines(source, file)):
                filters.append(row.get("filter", "none"))
                samples.append(_sample(row))
        except (ValueError, RecursionError) as error:
            raise cut_off(source, f"line {len(samples) + 1} is not JSON") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise malformed(source, error) from error
    found = _NAME.match(source.path.name)
    rows = samples if len(set(map(str, filters))) == 1 else list(_joined(source, samples, filters))
    whole = Samples(
        ids=[row.id for row in rows],
        asked=[row.asked for row in rows],
        scores=scores_by_name([row.scores for row in rows]),
        answers=[row.answer for row in rows],
    )
    return collect(source, "lm-evaluation-harness", found[1] if found else "", whole)


def _rows(lines: Iterator[str]) -> Iterator[dict[str, Json]]:
    """Each row; of those with the metrics that the first one names, no more than is needed."""
    decode: Callable[[str], Json] = json.loads
    metrics = None
    for line in lines:
        row = decode(line)
        if row.get("metrics") != metrics:
            row = json.loads(line)
            if metrics is None:
                metrics = row["metrics"]
                decode = decoder(shape(*_READ, *metrics))
        yield row


def _sample(row: dict[str, Json]) -> _Sample:
    metrics = row["metrics"] if "metrics" in row else row.keys() - _KNOWN
    answers = row["filtered_resps"]
    answer = answers[0] if len(answers) == 1 else None
    scores = {metric: row[metric] for metric in metrics}
    asked = digest_of(str(row["doc_hash"]))
    return _Sample(str(row["doc_id"]), asked, scores, answer if isinstance(answer, str) else None)


def _joined(source: Source, samples: list[_Sample], filters: list[str]) -> Iterator[_Sample]:
    """One sample for each document, as several filters read the answer; scores have the names of the harness."""
    documents: dict[str, dict[str, _Sample]] = {}
    for sample, name in zip(samples, map(str, filters), strict=True):
        if name in (read := documents.setdefault(sample.id, {})):
            raise repeated(source, sample.id)
        read[name] = sample
    for document, read in documents.items():
        asked = next(iter(read.values())).asked
        scores = {f"{metric},{name}": score for name, each in read.items() for metric, score in each.scores.items()}
        yield _Sample(document, asked, scores)
