"""A gate from the logs of two runs of one evaluation, for `proctor init`."""

from __future__ import annotations

import csv
import io
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from proctor.errors import DataError, Misuse
from proctor.files import refuse_to_write_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from proctor.predictions.logs import Log

LABELS = "exam/labels.csv"
EXAMPLE = "example"
REPEATED = "mean(n) - mean(o) > 0 +/- 0.02"
"""Condition on two runs of several epochs each, whose scores are averaged."""
_SHOWN = 3


class Pair(NamedTuple):
    """
    The same examples in two runs, as a gate file names them.

    Attributes:
        new: The log of the new model, and its score.
        old: The log of the old model, and its score.
        examples: Each example.
        disagreement: Share of them whose score differs, rounded up.
        is_number: True if the score is a number, and its mean is asked about.
        is_repeated: True if an example was asked more than once, in several epochs, and the mean of its scores counts.
    """

    new: tuple[str, str]
    old: tuple[str, str]
    examples: list[str]
    disagreement: float
    is_number: bool
    is_repeated: bool = False


def pair(new: Path, old: Path, folder: Path, choose: Callable[[str, list[str]], int]) -> Pair:
    """
    Read two logs.

    Args:
        new: The log of the new model.
        old: The log of the old model; the same file, if it holds the scores of both.
        folder: Folder of the gate file.
        choose: Asks which one of several scores is meant, and gives its index.

    Raises:
        DataError: If one is no whole log, or the two are of different tasks or examples, or have no score in common.
    """
    from proctor.predictions import Source
    from proctor.predictions.logs import read_log

    logs = read_log(Source(new)), read_log(Source(old))
    _refuse_others(new, old, *logs)
    names = _scores(new, old, *logs, choose)
    found = [_by_example(log, name) for log, name in zip(logs, names, strict=True)]
    differ = sum(found[0][example] != found[1][example] for example in found[0])
    paths = [os.path.relpath(path, folder) for path in (new, old)]
    share = max(0.01, math.ceil(100 * differ / len(found[0])) / 100)
    return Pair(
        new=(paths[0], _column(logs[0], names[0])),
        old=(paths[1], _column(logs[1], names[1])),
        examples=list(found[0]),
        disagreement=share,
        is_number=names[0] in logs[0].numbers,
        is_repeated=any(len(scores) > 1 for by_example in found for scores in by_example.values()),
    )


def _by_example(log: Log, name: str) -> dict[str, list[str | float]]:
    """All that one score says of each example, in the order of its epochs."""
    found: dict[str, list[str | float]] = {}
    for example, score in zip(log.examples, log.scores[name], strict=True):
        found.setdefault(example, []).append(score)
    return found


def write_labels(examples: list[str], folder: Path, *, force: bool) -> None:
    """
    Write the file of labels: to be right is the one class that is meant of every example.

    Raises:
        Misuse: If it is there already and not to be overwritten, or cannot be written.
    """
    from proctor.predictions.logs import CORRECT

    target = folder / LABELS
    if target.exists() and not force:
        raise Misuse(f"{target} is there already", hint="Keep it elsewhere, or overwrite it with --force.")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([(EXAMPLE, "label"), *((name, CORRECT) for name in examples)])
    try:
        target.parent.mkdir(exist_ok=True)
        refuse_to_write_out(target)
        target.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise Misuse(f"{target} cannot be written: {error.strerror}") from None


def _refuse_others(new: Path, old: Path, *logs: Log) -> None:
    if logs[0].tool != logs[1].tool or logs[0].task != logs[1].task:
        are = (f"{str(new)!r} of {_told(logs[0])}", f"{str(old)!r} of {_told(logs[1])}")
        raise DataError(f"the two logs are of different tasks: {are[0]}, {are[1]}", hint="Log the same task twice.")
    examples = [set(log.examples) for log in logs]
    if examples[0] == examples[1]:
        return
    ids = [set(log.ids) for log in logs]
    for path, mine, others in ((new, ids[0], ids[1]), (old, ids[1], ids[0])):
        if alone := sorted(mine - others):
            shown = ", ".join(map(repr, alone[:_SHOWN])) + (", …" if len(alone) > _SHOWN else "")
            raise DataError(
                f"the two runs did not see the same examples: {len(alone):,} are in {str(path)!r} alone ({shown})",
                hint="Run both on the same samples, with the same limit.",
            )
    asked = dict(zip(logs[1].ids, logs[1].examples, strict=True))
    other = next(name for name, example in zip(logs[0].ids, logs[0].examples, strict=True) if asked[name] != example)
    raise DataError(
        f"the two runs did not see the same examples: sample {other!r} asked something else in each",
        hint="Run both on one version of the data, unshuffled or with ids of their own.",
    )


def _scores(new: Path, old: Path, log: Log, old_log: Log, choose: Callable[[str, list[str]], int]) -> tuple[str, str]:
    """The score of each run that is judged: of one file two, of two files the one of the same name."""
    if new.resolve() == old.resolve():
        names = list(log.marks or log.numbers)
        if len(names) == 1:
            raise DataError(f"{str(new)!r} holds one run, and two are compared", hint="Name the old run's log, too.")
        first = names[choose("Which is the new model?", names)]
        others = [name for name in names if name != first]
        return first, others[choose("Which is the old model?", others)]
    common = [name for name in log.marks if name in old_log.marks]
    common += [name for name in log.numbers if name in old_log.numbers]
    if not common:
        theirs = ", ".join(map(repr, log.scores)), ", ".join(map(repr, old_log.scores))
        raise DataError(
            f"the two logs have no score in common: {theirs[0]}; {theirs[1]}", hint="Score both in the same way."
        )
    name = common[choose("Which score is judged?", common)]
    return name, name


def _told(log: Log) -> str:
    return f"{log.task!r} in {log.tool}" if log.task else log.tool


def _column(log: Log, name: str) -> str:
    return "prediction" if log.only_score == name else name
