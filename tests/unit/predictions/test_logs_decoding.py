"""Logs read by msgspec, which skips what is not needed, and by the standard library: the same, refusals too."""

from __future__ import annotations

import gc
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.predictions import Source
from proctor.predictions.logs import Log, read_log
from proctor.predictions.logs.digests import digests_of

pytest.importorskip("msgspec")
pytest.importorskip("zstandard", reason="logs of Inspect are packed by it")

REAL = Path(__file__).with_name("real_logs")
RECORDED = sorted(path for path in REAL.rglob("*") if path.suffix in {".eval", ".json", ".jsonl"})
ROW = json.loads((next((REAL / "lmeval/new").glob("samples_sums_*"))).read_text().splitlines()[0])


def read(path: Path) -> Log | str:
    """The log, or why it is refused."""
    try:
        return read_log(Source(path))
    except DataError as error:
        return str(error)


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Log | str, Log | str]:
    """The log with msgspec, and without it."""
    fast = read(path)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "msgspec", None)
        patch.setitem(sys.modules, "msgspec.json", None)
        return fast, read(path)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.relative_to(REAL).as_posix())
def test_read__recorded_logs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tools wrote, failed runs and repeats among it."""
    fast, slow = both(path, monkeypatch)

    assert fast == slow


def rows(*changes: dict[str, Any]) -> str:
    """Rows of the harness with a few values changed; what is None is left out."""
    made = ({**ROW, "doc_id": number, **change} for number, change in enumerate(changes))
    kept = ({key: value for key, value in row.items() if value is not None} for row in made)
    return "".join(json.dumps(row) + "\n" for row in kept)


ODD = {
    "no number": rows({}, {"exact_match": float("nan")}),
    "in what is skipped": rows({}, {"doc": {"x": float("inf")}}),
    "a long number": rows({"doc_id": 10**40}, {"doc_id": -(10**40)}),
    "half a character": rows({"filtered_resps": ["\ud800"]}, {"doc_hash": "\udfff"}),
    "other metrics": rows({}, {"metrics": ["exact_match", "f1"], "f1": 0.5}, {"metrics": ["f1"], "f1": 1}),
    "no metrics named": rows({"metrics": None}, {"metrics": None, "bleu": 3}, {}),
    "none named at first": rows({"metrics": None}, {}),
    "none named later": rows({}, {"metrics": None}),
    "no such metric": rows({}, {"exact_match": None}),
    "metrics of another kind": rows({}, {"metrics": 3}),
    "several filters": rows({}, {"doc_id": 0, "filter": "strict"}, {"doc_id": 1}, {"doc_id": 1, "filter": "strict"}),
    "a repeat": rows({}, {"doc_id": 0}),
    "no row": rows({}) + "[]\n",
    "no answers": rows({}, {"filtered_resps": 3}),
    "cut off": rows({}, {})[:-9],
    "nested": rows({}) + '{"doc_id": ' + "[" * 100_000 + "\n",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_read__odd_rows(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever msgspec takes otherwise than the standard library."""
    path = tmp_path / "samples_sums_2026-01-01T00-00-00.jsonl"
    path.write_text(text)

    fast, slow = both(path, monkeypatch)

    assert repr(fast) == repr(slow)  # no NaN is equal to itself


@pytest.mark.parametrize(
    "whole",
    [
        '{"eval": {"task": "t"}, "status": "success", "samples": [{"id": 1e400}]}',
        '{"eval": {"task": "t"}, "status": "success", "samples": {"id": 1}}',
        '{"results": {"prompts": [{"provider": "p"}], "results": [{"testIdx": 0}]}}',
        '{"results": {"prompts": "p", "results": 3}}',
        '{"results": []}',
        '{"columns": ["request", "a/value"], "data": [["q", NaN], ["r", 1]]}',
        '{"columns": ["request", "a/value"], "data": [["q", 1], ["r"]]}',
        '{"columns": 3, "data": []}',
        "[1]",
        '{"columns": [',
    ],
)
def test_read__odd_values(whole: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.json"
    path.write_text(whole)

    fast, slow = both(path, monkeypatch)

    assert repr(fast) == repr(slow)


LETTER = st.characters(codec=None)
TEXT = st.text(LETTER, max_size=8) | st.text(LETTER, min_size=65, max_size=80) | st.just('a\x7f\n"' * 30)
ASKED = st.recursive(
    TEXT | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(ASKED)
def test_digest__is_that_of_the_standard_library(asked: Any) -> None:
    """Ledgers name examples by it, whoever wrote the text."""
    text = asked if isinstance(asked, str) else json.dumps(asked, sort_keys=True)
    content = text.encode("utf-8", "surrogatepass")

    assert digests_of([asked]) == [hashlib.sha256(content).hexdigest()[:16]]


def test_read__leaves_the_collector_as_it_was(tmp_path: Path) -> None:
    """Garbage is collected again after a log, read or refused."""
    path = tmp_path / "log.json"
    path.write_text("[")
    assert isinstance(read(path), str)
    assert gc.isenabled()

    gc.disable()
    try:
        assert isinstance(read(REAL / "inspect/new.eval"), Log)
        assert not gc.isenabled()
    finally:
        gc.enable()
