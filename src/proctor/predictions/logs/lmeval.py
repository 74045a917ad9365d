"""Samples that lm-evaluation-harness logs (``--log_samples``): JSON Lines, one for each document and filter."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from proctor.predictions.lines import lines
from proctor.predictions.logs import Json, Log, Sample, collect, cut_off, malformed, repeated
from proctor.predictions.tables import Source

_NEEDED = frozenset({"doc_id", "doc", "target", "resps", "filtered_resps", "doc_hash"})
_KNOWN = _NEEDED | {"arguments", "filter", "metrics", "prompt_hash", "target_hash"}
_NAME = re.compile(r"samples_(.+)_\d{4}-\d\d-\d\dT")
_BEGINNING = 1 << 16


class _Row(NamedTuple):
    """One document as one filter read the answer."""

    asked: str
    scores: dict[str, Json]
    answer: Json


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
    documents: dict[str, dict[str, _Row]] = {}
    with source.open_text() as file:
        number = 0
        try:
            for line in lines(source, file):
                number += 1
                _take(source, json.loads(line), documents)
        except (ValueError, RecursionError) as error:
            raise cut_off(source, f"line {number} is not JSON") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise malformed(source, error) from error
    found = _NAME.match(source.path.name)
    filters = {name for rows in documents.values() for name in rows}
    samples = (_sample(name, rows, is_one=len(filters) == 1) for name, rows in documents.items())
    return collect(source, "lm-evaluation-harness", found[1] if found else "", samples)


def _take(source: Source, row: dict[str, Any], documents: dict[str, dict[str, _Row]]) -> None:
    name, filtered = str(row["doc_id"]), str(row.get("filter", "none"))
    rows = documents.setdefault(name, {})
    if filtered in rows:
        raise repeated(source, name)
    metrics = row["metrics"] if "metrics" in row else row.keys() - _KNOWN
    answers = row["filtered_resps"]
    answer = answers[0] if len(answers) == 1 else None
    rows[filtered] = _Row(str(row["doc_hash"]), {metric: row[metric] for metric in metrics}, answer)


def _sample(name: str, rows: dict[str, _Row], *, is_one: bool) -> Sample:
    """A document; where there are several filters, its scores have the names that the harness gives them."""
    first = next(iter(rows.values()))
    scores = {
        metric if is_one else f"{metric},{filtered}": value
        for filtered, row in rows.items()
        for metric, value in row.scores.items()
    }
    return Sample(name, first.asked, scores, first.answer if is_one and isinstance(first.answer, str) else None)
