"""Tests of `proctor.codec`: one way to JSON and back for everything that is kept or sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import pytest

from proctor import codec
from proctor.budget import Adaptive, Guaranteed
from proctor.ledger.records import Basis, Evaluated, Origin, Verdict, from_body, to_body
from proctor.ledger.submissions import Submission


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Square:
    kind: ClassVar[str] = "box"
    side: float


@dataclass(frozen=True)
class Circle:
    radius: float


@dataclass(frozen=True)
class Drawing:
    title: str
    color: Color
    shapes: tuple[Square | Circle, ...]
    best: Circle | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    note: dict[str, Any] | str | None = None
    is_done: bool = False


WHOLE = Drawing("d", Color.RED, (Square(1.5), Circle(2)), Circle(3), {"a": 1}, {"free": [1, None]}, True)
PLAIN = {
    "title": "d",
    "color": "red",
    "shapes": [{"kind": "box", "side": 1.5}, {"kind": "circle", "radius": 2}],
    "best": {"radius": 3},
    "sizes": {"a": 1},
    "note": {"free": [1, None]},
    "is_done": True,
}


def test_to_json__and_back():
    """Every kind of field is written as plain JSON, in the order of the fields, and read again."""
    assert PLAIN == codec.to_json(WHOLE)
    assert list(PLAIN) == list(codec.to_json(WHOLE))
    assert WHOLE == codec.from_json(Drawing, PLAIN)


def test_from_json__defaults():
    """What has a default may be missing, as in what an earlier version wrote."""
    assert Drawing("d", Color.RED, ()) == codec.from_json(Drawing, {"title": "d", "color": "red", "shapes": []})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": {"a": "1"}}, "'1' is no int"),
        ({"sizes": {"a": True}}, "True is no int"),
        ({"title": None}, "None is no str"),
        ({"color": "blue"}, "'blue' is not a valid Color"),
        ({"shapes": {}}, "is no list"),
        ({"best": 3}, "of none of the types"),
        ({"note": 3}, "of none of the types"),
        ({"is_done": 1}, "1 is no bool"),
        ({"best": {"radius": "3"}}, "'3' is no float"),
    ],
)
def test_from_json__refuses_other_types(change, message):
    """A value that is not of its field's type is refused."""
    with pytest.raises(ValueError, match=message):
        codec.from_json(Drawing, PLAIN | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": 1}, "field 'weight'"),
        ({"best": {"radius": 1, "depth": 2}}, "field 'depth'"),
        ({"shapes": [{"kind": "star"}]}, "kind 'star'"),
    ],
)
def test_from_json__unknown(change, message):
    """What a later version may have added is told from what is wrong."""
    with pytest.raises(codec.Unknown, match=message):
        codec.from_json(Drawing, PLAIN | change)


def test_from_json__missing():
    """A field without a default has to be there."""
    with pytest.raises(TypeError, match="'color'"):
        codec.from_json(Drawing, {"title": "d", "shapes": []})


@pytest.mark.parametrize("hint", [set[int], bytes, list[int]])
def test_codec_of__no_json(hint):
    """A type that has no JSON here is refused when it is first met."""
    with pytest.raises(TypeError, match="there is no JSON"):
        codec.codec_of(hint)


@pytest.mark.parametrize(("stakes", "kind"), [(Adaptive(32, 3), "adaptive"), (Guaranteed(32, 3), "guaranteed")])
def test_records__stakes_are_told_apart_as_ever(stakes, kind):
    """The body of an evaluation is what every earlier version wrote: its hash depends on it."""
    submission, origin = Submission("a" * 64, "new.csv"), Origin("gate", "1")
    record = Evaluated(
        testset="f",
        condition="n > 0",
        candidate=submission,
        baseline=None,
        stakes=stakes,
        log_level=-7.5,
        bound="exact",
        outcome=Verdict.PASS,
        basis=Basis.JUDGED,
        private="commitment:0",
        origin=origin,
    )

    body = to_body(record)

    assert {"kind": kind, "steps": 32, "passes": 3} == body["stakes"]
    assert {"digest": "a" * 64, "source": "new.csv", "commit": None} == body["candidate"]
    assert {"gate": "gate", "version": "1", "commit": None, "actor": None} == body["origin"]
    assert record == from_body("evaluation", body)
