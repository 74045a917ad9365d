"""
Form of one evaluation in the run store: a pure function of a `Release`.

A `Record` holds plain text and numbers only, so that it can wait in a file and be sent by a later version.
MLflow's limits are kept here, because the server cuts longer values without a word.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from proctor import codec
from proctor.errors import DataError
from proctor.frozen import dataclass, field
from proctor.release import HistoryRow, Release, Verdict

LONGEST_PARAM = 6000
LONGEST_TAG = 8000
EVALUATION = "proctor.evaluation"
NOTE = "mlflow.note.content"
FORMAT = 1


@dataclass(frozen=True)
class Point:
    """One value of a metric; *at_ms* in milliseconds since 1970 (UTC)."""

    key: str
    value: float
    at_ms: int
    step: int


@dataclass(frozen=True, kw_only=True)
class Record:
    """
    One run as it is to stand in the store.

    Attributes:
        evaluation: Identity: fingerprint of the test set and number of the ledger's entry.
        entry: Number of the ledger's entry; the order of sending.
        name: Name of the run.
        at_ms: Time of the ledger's entry, milliseconds since 1970 (UTC).
        params: Written once.
        tags: Searchable.
        metrics: Chartable by step.
        artifacts: Texts by file name.
    """

    evaluation: str
    entry: int
    name: str
    at_ms: int
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Point, ...] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)


def describe(
    release: Release, history: tuple[HistoryRow, ...] = (), artifacts: Mapping[str, str] | None = None
) -> Record:
    """
    The run for *release*.

    Args:
        release: What left the gate.
        history: Released steps of the same test set up to this one; they make the run's charts.
        artifacts: Reports (text) by file name, such as ``report.json``; ``report.md`` is also shown as the run's note.
    """
    texts = dict(artifacts or {})
    params = _limited(_params(release), LONGEST_PARAM, texts)
    tags = _limited(_tags(release, texts.get("report.md", "")), LONGEST_TAG, texts)
    return Record(
        evaluation=evaluation_of(release.testset.fingerprint, release.entry),
        entry=release.entry,
        name=f"{release.gate} · step {release.step} · {release.verdict}"[:250],
        at_ms=milliseconds(release.at),
        params=params,
        tags=tags,
        metrics=_metrics(release, history),
        artifacts=texts,
    )


def evaluation_of(fingerprint: str, entry: int) -> str:
    """The name under which an evaluation is found again in the store."""
    return f"{fingerprint}:{entry}"


def milliseconds(at: str) -> int:
    """*at* (ISO 8601; UTC if it names no zone) in milliseconds since 1970."""
    moment = datetime.fromisoformat(at)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def to_json(record: Record) -> str:
    """*record* as JSON text; `from_json` gives it back."""
    return json.dumps({"format": FORMAT, **codec.to_json(record)}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Record:
    """
    The record that `to_json` wrote.

    Raises:
        DataError: If *text* is anything else.
    """
    try:
        body = json.loads(text)
        if body.pop("format") != FORMAT:
            raise DataError(
                "this record was written by a later version of proctor", hint="Update proctor, then send it."
            )
        return codec.from_json(Record, body)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"not a record of the run store ({type(error).__name__})") from error


def _params(release: Release) -> dict[str, str]:
    testset = release.testset
    return _filled(
        {
            "gate": release.gate,
            "condition": release.condition,
            "reliability": repr(testset.reliability),
            "mode": testset.mode,
            "adaptivity": testset.adaptivity,
            "inputs": testset.inputs,
            "examples": str(testset.n_examples),
            "testset": testset.fingerprint,
            "step": str(release.step),
            "entry": str(release.entry),
            "commit": release.commit,
            "candidate": release.candidate,
            "baseline": release.baseline,
            "sandbox": release.sandbox,
            "proctor": release.version,
        }
    )


def _tags(release: Release, note: str) -> dict[str, str]:
    return _filled(
        {
            EVALUATION: evaluation_of(release.testset.fingerprint, release.entry),
            "proctor.verdict": release.verdict,
            "proctor.basis": release.basis,
            "proctor.meaning": release.meaning,
            "proctor.gate": release.gate,
            "proctor.testset": release.testset.fingerprint,
            "proctor.testset.state": release.testset.state,
            "proctor.ledger_head": release.ledger_head,
            "proctor.exit_code": str(release.exit_code),
            "proctor.version": release.version,
            "proctor.feedback": release.feedback,
            "mlflow.source.name": "proctor",
            "mlflow.source.git.commit": release.commit,
            NOTE: note,
        }
    )


def _metrics(release: Release, history: tuple[HistoryRow, ...]) -> tuple[Point, ...]:
    points: dict[tuple[str, int], Point] = {}
    passes = 0
    is_withheld = release.verdict is Verdict.WITHHELD
    for row in sorted(history, key=lambda row: row.entry):
        if row.entry >= release.entry or row.step < 1:
            continue
        passes += row.verdict is Verdict.PASS
        values = {
            "leakage_bits": row.leakage_bits,
            "log_budget": log_budget(release.testset.reliability, row.leakage_bits),
            "log_level": row.log_level,
            "passes": None if is_withheld else passes,
        }
        points |= _points(values, milliseconds(row.at), row.step)
    budget = release.budget
    values = {
        "leakage_bits": budget.leakage_bits,
        "log_budget": None if budget.is_spent else log_budget(release.testset.reliability, budget.leakage_bits),
        "log_level": next((row.log_level for row in history if row.entry == release.entry), None),
        "passes": None if is_withheld else _passes(release, passes),
        "passed": None if is_withheld else int(release.verdict is Verdict.PASS),
        "next_log_level": budget.next_level_log,
        "next_tolerance": budget.next_tolerance,
        "evaluations": budget.evaluations,
        "evaluations_left": budget.evaluations_left,
        "passes_left": budget.passes_left,
        "lasts_passes": budget.lasts_passes,
        "lasts_fails": budget.lasts_fails,
        "spent": int(budget.is_spent),
    }
    points |= _points(values, milliseconds(release.at), release.step)
    return tuple(points.values())


def _passes(release: Release, before: int) -> int:
    """Passes so far: the budget counts them, except in ``fn-free``, where it counts the fails."""
    budget = release.budget
    if budget.counts == "passes" and budget.passes is not None:
        return budget.passes
    return before + (release.verdict is Verdict.PASS)


def log_budget(reliability: float, leakage_bits: float) -> float:
    """Natural logarithm of what a transcript of *leakage_bits* leaves of the error probability (theory.md §4)."""
    return math.log1p(-reliability) - leakage_bits * math.log(2)


def _points(values: Mapping[str, float | None], at_ms: int, step: int) -> dict[tuple[str, int], Point]:
    """Only finite numbers: a store draws nothing useful for infinity, and ``spent`` says it better."""
    return {
        (key, step): Point(key, float(value), at_ms, step)
        for key, value in values.items()
        if value is not None and math.isfinite(value)
    }


def _filled(values: Mapping[str, str | None]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items() if value}


def _limited(values: Mapping[str, str], longest: int, texts: dict[str, str]) -> dict[str, str]:
    """*values* within *longest* characters; what is longer goes to *texts* whole, and the value says so."""
    limited = {}
    for key, value in values.items():
        if len(value) <= longest:
            limited[key] = value
            continue
        name = "report.md" if key == NOTE else f"long/{key}.txt"
        texts.setdefault(name, value)
        said = f"… (cut here; whole text in the artifact {name})"
        limited[key] = value[: longest - len(said)] + said
    return limited
