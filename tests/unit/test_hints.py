"""Hints: all of them are sentences of their own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import proctor

SOURCES = sorted(Path(proctor.__file__).parent.rglob("*.py"))


def beginnings(value: ast.expr) -> Iterator[str]:
    """Beginnings of the texts that an expression can be, as far as they stand in it."""
    match value:
        case ast.Constant(str(text)) | ast.JoinedStr([ast.Constant(str(text)), *_]):
            yield text
        case ast.IfExp(_, first, second):
            yield from (*beginnings(first), *beginnings(second))
        case ast.BoolOp(_, values):
            for each in values:
                yield from beginnings(each)
        case ast.BinOp(left):
            yield from beginnings(left)


def hints(tree: ast.AST) -> Iterator[str]:
    """Beginnings of all that is handed to an error as its hint."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            for keyword in call.keywords:
                if keyword.arg == "hint":
                    yield from beginnings(keyword.value)


def test_hints__begin_with_a_capital() -> None:
    """A hint stands on a line of its own, so it begins as a sentence does."""
    found = {path: list(hints(ast.parse(path.read_text(encoding="utf-8")))) for path in SOURCES}

    assert sum(map(len, found.values())) > 300
    assert [] == [f"{path.name}: {hint}" for path, texts in found.items() for hint in texts if hint[:1].islower()]
