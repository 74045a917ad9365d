"""
Evaluation tables of MLflow: the artifact ``eval_results_table.json``, or what ``evaluate`` gives, saved by pandas.

That is ``result.result_df.to_json(path, orient="split", default_handler=str)``, with ``columns`` and ``data``. Its rows
are in no order that two runs share: without a column ``id``, an example is known by what was asked alone.
"""

from __future__ import annotations

from typing import Any

from proctor.errors import DataError
from proctor.predictions.logs import Log, Samples, collect, malformed
from proctor.predictions.logs.decoding import Json
from proctor.predictions.logs.digests import digests_of
from proctor.predictions.tables import Source

_SCORES = ("/score", "/value")
_QUESTIONS = ("request", "inputs", "input", "question", "prompt")
_ANSWERS = ("response", "outputs", "output", "prediction")


def read(source: Source, content: dict[str, Json]) -> Log:
    """The table in a JSON value; errors as `proctor.predictions.logs.read_log`."""
    try:
        columns = [str(name) for name in content["columns"]]
        samples = _samples(source, columns, content["data"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise malformed(source, error) from error
    return collect(source, "MLflow", "", samples)


def _samples(source: Source, columns: list[str], rows: list[list[Any]]) -> Samples:
    question = next((name for name in _QUESTIONS if name in columns), None)
    if question is None:
        raise DataError(
            f"{source} has no column of what was asked; it has {', '.join(map(repr, columns[:8]))}",
            hint=f"Keep one of the columns {', '.join(_QUESTIONS)}: examples are known by it",
        )
    if twice := {name for name in columns if columns.count(name) > 1}:
        raise ValueError(f"the column {min(twice)!r} twice")
    if odd := {len(cells) for cells in rows} - {len(columns)}:
        raise ValueError(f"a row of {odd.pop()} cells")
    read = {"id", question, *_ANSWERS, *(name for name in columns if name.endswith(_SCORES))}
    cells = {name: [row[place] for row in rows] for place, name in enumerate(columns) if name in read}
    asked = digests_of(cells[question])
    answer = next((cells[name] for name in _ANSWERS if name in cells), None)
    return Samples(
        ids=[str(name) for name in cells["id"]] if "id" in cells else asked,
        asked=asked,
        scores={name.rpartition("/")[0]: cells[name] for name in cells if name.endswith(_SCORES)},
        answers=[said if isinstance(said, str) else None for said in answer or [None] * len(rows)],
    )
