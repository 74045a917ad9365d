"""
Evaluation tables of MLflow: the artifact ``eval_results_table.json``, or what ``evaluate`` gives, saved by pandas.

That is ``result.result_df.to_json(path, orient="split", default_handler=str)``, with ``columns`` and ``data``. Its rows
are in no order that two runs share: without a column ``id``, an example is known by what was asked alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proctor.errors import DataError
from proctor.predictions.logs import Log, Sample, collect, digest_of, malformed
from proctor.predictions.logs.decoding import Json
from proctor.predictions.tables import Source

_SCORES = ("/score", "/value")
_QUESTIONS = ("request", "inputs", "input", "question", "prompt")
_ANSWERS = ("response", "outputs", "output", "prediction")


def read(source: Source, content: dict[str, Json]) -> Log:
    """The table in a JSON value; errors as `proctor.predictions.logs.read_log`."""
    try:
        columns = [str(name) for name in content["columns"]]
        samples = list(_samples(source, columns, content["data"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise malformed(source, error) from error
    return collect(source, "MLflow", "", samples)


def _samples(source: Source, columns: list[str], rows: list[list[Any]]) -> Iterator[Sample]:
    question = next((name for name in _QUESTIONS if name in columns), None)
    if question is None:
        raise DataError(
            f"{source} has no column of what was asked; it has {', '.join(map(repr, columns[:8]))}",
            hint=f"keep one of the columns {', '.join(_QUESTIONS)}: examples are known by it",
        )
    scores = [(name.rpartition("/")[0], place) for place, name in enumerate(columns) if name.endswith(_SCORES)]
    named, asked = columns.index("id") if "id" in columns else None, columns.index(question)
    answer = next((columns.index(name) for name in _ANSWERS if name in columns), None)
    for cells in rows:
        if len(cells) != len(columns):
            raise ValueError(f"a row of {len(cells)} cells")
        digest = digest_of(cells[asked])
        said = cells[answer] if answer is not None else None
        yield Sample(
            id=digest if named is None else str(cells[named]),
            asked=digest,
            scores={name: cells[place] for name, place in scores},
            answer=said if isinstance(said, str) else None,
        )
