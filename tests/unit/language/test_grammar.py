"""The parser from its tables, and the one that is made anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import lark
import pytest

from proctor.language import grammar as module
from proctor.language.mistakes import MISTAKES
from proctor.language.parser import parse

CONDITIONS = (
    r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01",
    "2 * (n - o) ≥ 1e-2 ± 5e-3 or not_worse(n) > 0",
    'every region: f1(n, "dog") - f1(o, "dog") > -0.02 on age >= 18 and site == "a b"',
)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """The parser is made in the test, and not kept."""
    module.grammar.cache_clear()
    yield
    module.grammar.cache_clear()


def outcome(parser: lark.Lark, text: str) -> object:
    """A tree, or where parsing stopped and what was expected there."""
    try:
        return parser.parse(text, start="condition")
    except lark.UnexpectedToken as failure:
        return failure.token, failure.pos_in_stream, failure.accepts
    except lark.UnexpectedInput as failure:
        return type(failure), failure.pos_in_stream


def test_tables__are_of_this_grammar() -> None:
    """Whoever changes the grammar has to make them again."""
    version, digest = json.loads(module.TABLES.read_bytes())["made_of"]
    assert digest == module._origin()[1], (
        'python -c "from proctor.language.grammar import write_tables; write_tables()"'
    )
    if version == lark.__version__:
        assert module.grammar().source_path == "<deserialized>"


def test_parser__from_tables_is_the_one_made_anew() -> None:
    """The same trees, and the same failures at the same places."""
    made, read = module.built(), module.grammar()
    texts = [*CONDITIONS, *(example for mistake in MISTAKES for example in mistake.examples)]
    assert [outcome(read, text) for text in texts] == [outcome(made, text) for text in texts]


@pytest.mark.parametrize("tables", [None, '{"made_of": ["0.1", ""]}'], ids=["none", "of another lark"])
def test_parser__without_tables_of_its_own(tables: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made anew, and reads what it always read."""
    path = tmp_path / "grammar.json"
    if tables:
        path.write_text(tables)
    monkeypatch.setattr(module, "TABLES", path)
    assert module.grammar().source_path != "<deserialized>"
    assert str(parse("n-o > 0.02")) == "n - o > 0.02"


def test_written_tables__are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for a grammar is what is used for it."""
    monkeypatch.setattr(module, "TABLES", tmp_path / "grammar.json")
    module.write_tables()
    assert module.grammar().source_path == "<deserialized>"
    assert str(parse("n-o > 0.02")) == "n - o > 0.02"
