"""
Lessons: what to say where the text of a condition is broken, and what to write instead.

Typical mistakes are rows of `proctor.language.mistakes`; here is how the row is found, and what depends on the word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from proctor.errors import ConditionError
from proctor.language import habits
from proctor.language.grammar import grammar
from proctor.language.mistakes import MISTAKES, Mistake
from proctor.language.place import Place
from proctor.language.tree import Variable, decimal_text

if TYPE_CHECKING:
    from lark import UnexpectedToken
    from lark.parsers.lalr_parser_state import ParserState

_END = "$END"
_LETTERS = frozenset(variable.value for variable in Variable)
_MEANINGS = "n is the accuracy of the new model, o of the old one, a of the anchor, d the share of changed predictions."
_SLICED = '`n > 0.8 on region == "EU"`'
_JOINED = 'Several filters of one slice stand in parentheses: `n > 0.8 on (region == "EU" and age < 30)`.'
_GOES_ON = re.compile(r"\bon\b.*(\band|&&|/\\)\s*(?P<word>\w*)\s*$", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"(?P<figure>[0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})\s*$")
_EXPECTED = {
    "_AND": "`and`",
    "_OR": "`or`",
    "_PLUS_MINUS": "`+/-`",
    "COMPARATOR": "`>` or `<`",
    "_ON": "`on`",
    "_IN": "`in`",
    "STRING": "text in quotation marks",
    "_RIGHT": "`]`",
    "_PLUS": "`+`",
    "_MINUS": "`-`",
    "_STAR": "`*`",
    "_OPEN": "`(`",
    "_CLOSE": "`)`",
    "NUMBER": "a number",
    "NAME": "n, o, a or d",
    "_COMMA": "`,`",
    "_COLON": "`:`",
    "_EVERY": "`every`",
    _END: "the end",
}


class _Situation(NamedTuple):
    """The place where reading stopped: parser state, kind of the offending word, and what the clause already has."""

    state: int
    kind: str
    is_compared: bool
    is_open: bool


def lesson(text: str, failure: UnexpectedToken) -> ConditionError:
    """The error for a text in which no condition can be read."""
    word = str(failure.token)
    if failure.token.type == _END:
        place = Place(text, len(text.rstrip()), len(text.rstrip()))
    else:
        start = failure.token.start_pos or 0
        place = Place(text, start, start + len(word))
    before = (text[: place.start].split() or [""])[-1]
    if failure.token.type == "NAME" and word not in _LETTERS:
        return unknown(before if before.lower() in habits.SLICE_WORDS else word, place)
    if failure.token.type in {"EQUAL", "NOT_EQUAL", "_IN"} and _follows_slice(place):
        return place.error("the filters of a slice are joined in parentheses", _JOINED)
    if mistake := _mistake(_situation(failure)):
        known = {"word": word, "before": before, "share": _as_share(text[: place.start], word)}
        return place.error(*(_filled(line, known) for line in (mistake.message, mistake.advice)))
    expected = [name for kind, name in _EXPECTED.items() if kind in failure.accepts]
    return place.error(f"`{word or 'the end'}` cannot stand here", f"Expected {_listed(expected)}.")


def _mistake(situation: _Situation) -> Mistake | None:
    """The row whose example failed in the same situation; else in a state alike, for words that are always wrong."""
    known = _situations()
    if situation in known:
        return known[situation]
    if situation.kind in _EXPECTED and situation.kind != _END:
        return None
    alike = [row for example, row in known.items() if example[1:] == situation[1:]]
    alike += [row for example, row in known.items() if example.kind == situation.kind != _END]
    return alike[0] if alike else None


@cache
def _situations() -> Mapping[_Situation, Mistake]:
    from lark import UnexpectedToken

    found: dict[_Situation, Mistake] = {}
    for mistake in MISTAKES:
        for example in mistake.examples:
            try:
                grammar().parse(example, start="condition")
            except UnexpectedToken as failure:
                found.setdefault(_situation(failure), mistake)
    return found


def _situation(failure: UnexpectedToken) -> _Situation:
    stopped = cast("ParserState[int]", failure.state)
    kinds = [getattr(value, "type", "") for value in stopped.value_stack]
    if kinds[-1:] == ["_CLOSE"]:
        del kinds[len(kinds) - 1 - kinds[::-1].index("_OPEN") :]  # closed, though not yet reduced
    clause = kinds[len(kinds) - kinds[::-1].index("_OPEN") :] if "_OPEN" in kinds else kinds
    return _Situation(stopped.position, failure.token.type, "COMPARATOR" in clause, "_OPEN" in kinds)


def unknown(word: str, place: Place) -> ConditionError:
    """The error for a name that conditions do not know."""
    lower = word.lower()
    if lower in habits.NOT_FINITE:
        return place.error(f"`{word}` is not a number to compare anything with", "Write a number from 0 to 1.")
    if lower in habits.UNITS:
        written = _as_share(place.text[: place.start], "points" if lower == "percentage" else word)
        return place.error(f"`{word}` is not used here", f"Accuracies run from 0 to 1: write {written}.")
    if lower in habits.SLICE_WORDS:
        each = f"A slice stands behind its comparison: {_SLICED}; all of a column in front: `every region: n > 0.8`."
        return place.error(f"`{word}` opens no slice", each)
    if _follows_slice(place):
        return place.error(f"unknown name `{word}`", _JOINED)
    call = habits.CALLS.get(lower)
    suggestion = None if call else _called(lower) or _suggestion(lower)
    called = f"A metric is called with its model, as in `{call or f'{word}(n)'}`."
    meant = f"Did you mean `{suggestion}`?" if suggestion else called
    return place.error(f"unknown name `{word}`", f"{meant} In conditions {_MEANINGS}")


def _follows_slice(place: Place) -> bool:
    """True if somebody may have gone on with the slice of the clause before, by `and` and the name of a column."""
    joined = _GOES_ON.search(place.text[: place.start])
    return joined is not None and joined["word"] not in _LETTERS


def _filled(line: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        line = line.replace(f"{{{name}}}", value)
    return line


def _as_share(before: str, unit: str) -> str:
    """The number in front of a unit as it is written here, such as "0.02 for 2 %"."""
    number = _NUMBER.search(before)
    figure = number["figure"] if number else "2"
    return f"{decimal_text(Decimal(figure) / habits.UNITS.get(unit.lower(), 100))} for {figure} {unit}"


def _called(word: str) -> str | None:
    """The call that is meant by a name such as ``f1_new`` or ``new_f1``."""
    for metric, _, model in (word.rpartition("_"), word.partition("_")[::-1]):
        letter = habits.MODELS_INSTEAD.get(model, model)
        if metric and letter in habits.MODELS_INSTEAD.values():
            return letter if metric in habits.WORDS_INSTEAD else f"{metric}({letter})"
    return None


def _suggestion(word: str) -> str | None:
    from difflib import get_close_matches

    known = {name: name for name in (*_LETTERS, "and", "or")} | habits.WORDS_INSTEAD
    parts = [word, *word.split("_")]
    close = [name for part in parts for name in get_close_matches(part, known, n=1, cutoff=0.7)]
    return known[close[0]] if close else None


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
