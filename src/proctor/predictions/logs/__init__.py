"""
Logs of evaluations that were run by other tools, as tables: one row for each sample, one column for each score.

A score that is right or wrong in every sample becomes the class ``correct`` or ``incorrect``; another one that is a
number in every sample stays one. Whoever asks for numbers gets 1 and 0 in place of marks. Where there is one score, it
is the prediction; where there are several, each has a column of its name. The ``id`` is the sample's own; an
``example`` is known by its id and by what was asked: two runs that asked different questions under one id do not match.
A sample that was asked in several epochs has a row for each.
"""

from __future__ import annotations

import contextlib
import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from proctor.errors import DataError
from proctor.frozen import dataclass, field
from proctor.predictions.logs.decoding import Json, decoder
from proctor.predictions.tables import Source, Table

CORRECT, INCORRECT = "correct", "incorrect"

_MOST_BYTES = 1 << 31
_WORDS = {"C": True, "I": False, "N": False, "yes": True, "no": False, "pass": True, "fail": False}
_OWN = frozenset({"id", "example", "prediction", "answer"})


class Samples(NamedTuple):
    """
    The samples of a log.

    Attributes:
        ids: Name of each in the log.
        asked: Digest of all that was asked of the model in each.
        scores: By name, the score of each as the log has it; ``None`` where it has none.
        answers: What the model answered in each; ``None`` where that is not one text.
        epochs: Which time each was asked; ``None`` where each was asked once.
    """

    ids: list[str]
    asked: list[str]
    scores: Mapping[str, list[Json]]
    answers: list[str | None]
    epochs: list[int] | None = None


@dataclass(frozen=True)
class Log:
    """
    Log of one run.

    Attributes:
        tool: What wrote it.
        task: What was run; empty where the log does not say.
        ids: Name of each sample.
        examples: Name of each sample together with a digest of what was asked.
        marks: By the name of each score that is right or wrong, ``correct`` or ``incorrect`` for each sample.
        numbers: By the name of each other score that is a number, that of each sample.
        answers: What the model answered; ``None`` unless each answer is one text.
    """

    tool: str
    task: str
    ids: list[str]
    examples: list[str]
    marks: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, list[float]] = field(default_factory=dict)
    answers: list[str] | None = None

    @property
    def scores(self) -> Mapping[str, Sequence[str | float]]:
        """Every score that can be judged, by name."""
        return {**self.marks, **self.numbers}

    @property
    def only_score(self) -> str | None:
        """The one score that is right or wrong or, if there is none, the one that is a number."""
        named = self.marks or self.numbers
        return next(iter(named)) if len(named) == 1 else None

    def table(self, source: Source, wanted: frozenset[str] | None) -> Table:
        """The log as a table."""
        columns: dict[str, Json] = {"id": self.ids, "example": self.examples}
        if (only := self.only_score) is not None:
            columns["prediction"] = self.scores[only]
        columns |= {name: values for name, values in self.scores.items() if name not in _OWN}
        if self.answers is not None:
            columns["answer"] = self.answers
        kept = {name: column for name, column in columns.items() if wanted is None or name in wanted}
        return Table(dict(kept), len(self.ids), source)


def in_numbers(table: Table, name: str) -> Table:
    """The table of a log with 1 for right and 0 for wrong in a column of nothing else, for whoever averages."""
    marks = table.columns[name]
    if not all(isinstance(each, str) and each in (CORRECT, INCORRECT) for each in marks):
        return table
    return table._replace(columns={**table.columns, name: [float(each == CORRECT) for each in marks]})


def is_log(source: Source) -> bool:
    """True if *source* is a log, by its ending; of JSON Lines by its first line."""
    if source.ending in {".eval", ".json"}:
        return True
    if source.suffix != ".jsonl":
        return False
    from proctor.predictions.logs import lmeval

    return lmeval.is_log(source)


def read_log(source: Source) -> Log:
    """
    Read a log of Inspect, lm-evaluation-harness, promptfoo or MLflow.

    Raises:
        DataError: If it is none, was cut off, or its run did not end; or if a sample is there twice or has no score.
        MissingExtra: If it is packed by Zstandard, and zstandard is not installed.
    """
    with _no_collection():
        if source.ending == ".eval":
            from proctor.predictions.logs import inspect

            return inspect.read_archive(source)
        if source.suffix == ".jsonl":
            from proctor.predictions.logs import lmeval

            return lmeval.read(source)
        return _read_json(source)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the search for objects that hold each other, which a third of the time goes to: samples hold none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_json(source: Source) -> Log:
    from proctor.predictions.logs import inspect, mlflow, promptfoo
    from proctor.predictions.logs.shapes import WHOLE

    with source.open_bytes() as file:
        content = parsed(source, file.read(_MOST_BYTES + 1), WHOLE)
    if isinstance(content, dict) and isinstance(content.get("eval"), dict):
        return inspect.read_whole(source, content)
    if isinstance(content, dict) and isinstance(content.get("results"), dict):
        return promptfoo.read(source, content)
    if isinstance(content, dict) and {"columns", "data"} <= content.keys():
        return mlflow.read(source, content)
    raise DataError(
        f"{source} is JSON, but no log that proctor knows",
        hint="It reads logs of Inspect and promptfoo, and evaluation tables of MLflow (with `columns` and `data`)",
    )


def parsed(source: Source, content: bytes, shape: Json) -> Json:
    """
    The value that JSON stands for, as far as *shape* names its keys.

    Raises:
        DataError: If it is none, as where it was cut off, or is too long.
    """
    refuse_long(source, len(content))
    try:
        return decoder(shape)(content)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or "it is nested too deeply, or a number in it is too long"
        raise cut_off(source, reason) from error


def refuse_long(source: Source, n_bytes: int) -> None:
    """
    Refuse a log that would fill the memory.

    Raises:
        DataError: If it is one.
    """
    if n_bytes > _MOST_BYTES:
        raise DataError(f"{source} is longer than {_MOST_BYTES >> 30} GiB", hint="Log fewer samples in one file")


def cut_off(source: Source, reason: str) -> DataError:
    """Error for a log that is not whole."""
    return DataError(
        f"{source} is not a whole log: {reason}",
        hint="It was cut off, or its run has not ended: copy it again, or run it again",
    )


def malformed(source: Source, error: Exception) -> DataError:
    """Error for a log whose parts are others than its tool writes."""
    lacks = f"it lacks {error.args[0]!r}" if isinstance(error, KeyError) else "a part of it is of another kind"
    return DataError(
        f"{source} is not a log as its tool writes it: {lacks}", hint="Log it again with a present version of the tool"
    )


def collect(source: Source, tool: str, task: str, samples: Samples) -> Log:
    """
    Put *samples* together.

    Raises:
        DataError: If there is none, if one is there twice, or if no score is right or wrong in each of them.
    """
    ids = samples.ids
    if not ids:
        raise DataError(f"{source} holds no samples", hint="Log the samples, and run it to its end")
    _refuse_repeated(source, ids, samples.epochs)
    marks, numbers, odd = _told_apart(ids, samples.scores)
    if not marks and not numbers:
        said = "has no score" if source.is_silent or odd is None else odd
        raise DataError(
            f"{source} has no score that is right or wrong, or a number, in every sample: {said}",
            hint="Score every sample, as correct or incorrect (1 or 0) or by a number",
        )
    examples = [f"{name}:{asked}" for name, asked in zip(ids, samples.asked, strict=True)]
    answers = [answer for answer in samples.answers if answer is not None]
    return Log(
        tool=tool,
        task=task,
        ids=ids,
        examples=examples,
        marks=marks,
        numbers=numbers,
        answers=answers if len(answers) == len(ids) else None,
    )


def scores_by_name(scores: Sequence[Mapping[str, Json]]) -> dict[str, list[Json]]:
    """By the name of each score, that of each sample."""
    names = {name: None for each in scores for name in each}
    return {name: [each.get(name) for each in scores] for name in names}


def _refuse_repeated(source: Source, ids: list[str], epochs: list[int] | None) -> None:
    if len(set(ids)) == len(ids):
        return
    times = Counter(zip(ids, epochs or [1] * len(ids), strict=True))
    again = next((name for (name, _), n_times in times.items() if n_times > 1), None)
    if again is not None:
        raise repeated(source, again)


def repeated(source: Source, name: str) -> DataError:
    """Error for a sample that is in a log more than once."""
    which = "a sample" if source.is_silent else f"sample {name!r}"
    return DataError(
        f"{source} has {which} more than once, and repeats of one example are not examples of their own",
        hint="Run each sample once, or log their reduced score alone",
    )


def _told_apart(
    ids: list[str], scores: Mapping[str, list[Json]]
) -> tuple[dict[str, list[str]], dict[str, list[float]], str | None]:
    """Scores that are right or wrong in every sample, those that are numbers, and of one that is neither, where."""
    marks, numbers, odd = {}, {}, None
    for name, values in scores.items():
        column = _marks(values)
        if None not in column:
            marks[name] = [each for each in column if each is not None]
        elif all(map(_is_number, values)):
            numbers[name] = [float(value) for value in values if value is not None]
        elif odd is None:
            neither = [row for row, mark in enumerate(column) if mark is None]
            row = next((row for row in neither if not _is_number(values[row])), neither[0])
            what = "is missing" if values[row] is None else f"is {str(values[row])[:40]!r}"
            odd = f"{name!r} {what} in sample {ids[row]!r}"
    return marks, numbers, odd


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _marks(values: list[Json]) -> list[str | None]:
    """The mark of each value; most logs have few different ones."""
    try:
        known = {value: _mark(value) for value in set(values)}
    except TypeError:  # a list is no mark
        return [_mark(value) for value in values]
    return [known[value] for value in values]


def _mark(value: Json) -> str | None:
    """Correct or incorrect; ``None`` for a score that is neither."""
    is_right = value
    if isinstance(value, str):
        is_right = _WORDS.get(value)
    elif isinstance(value, int | float) and value in (0, 1):
        is_right = bool(value)
    return (CORRECT if is_right else INCORRECT) if isinstance(is_right, bool) else None
