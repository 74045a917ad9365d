"""What a fast frozen dataclass has in common with one of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest

from proctor import frozen


def declare(dataclass: Callable[..., Any]) -> tuple[type, type, type]:
    """Three classes: one, one that inherits from it, and one that does without being a dataclass itself."""

    @dataclass(frozen=True)
    class Point:
        """A point."""

        x: float
        y: float = 0
        name: str = dataclasses.field(default="", compare=False)
        secret: str = dataclasses.field(default="s", repr=False)

        @cached_property
        def length(self) -> float:
            """How far it is from the origin."""
            return math.hypot(self.x, self.y)

    @dataclass(frozen=True, kw_only=True)
    class Named(Point):
        """A point with one more field, and a way of its own to show itself."""

        more: tuple[int, ...] = ()

        def __repr__(self) -> str:
            return "named"

    class Open(Point):
        """A point with an attribute of its own."""

        def __init__(self, x: float) -> None:
            super().__init__(x)
            self.own = x
            self.own = 2 * x

    return Point, Named, Open


@pytest.fixture(params=["ours", "standard"])
def classes(request: pytest.FixtureRequest) -> tuple[type, type, type]:
    """The same classes by either: every test holds for the standard library, too."""
    return declare(frozen.dataclass if request.param == "ours" else dataclasses.dataclass)


def test_equal__is_by_class_and_compared_fields(classes: tuple[type, ...]) -> None:
    """Names do not count, classes do, and an object is equal to itself even where its number is not."""
    point, named, _ = classes
    assert point(1, 2, "a") == point(1, 2, "b")
    assert point(1, 2) != point(1, 3)
    assert point(1, 2, secret="t") != point(1, 2)
    assert point(1) != named(1)
    assert point(1) != (1, 0)
    assert point(math.nan) == point(math.nan)
    assert named(1, more=(1,)) != named(1, more=(2,))


def test_hash__agrees_with_equality(classes: tuple[type, ...]) -> None:
    """Equal ones are one member of a set; what cannot be hashed, is not."""
    point, named, _ = classes
    assert len({point(1, 2, "a"), point(1, 2, "b"), point(2, 2), named(1, more=(3,))}) == 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(named(1, more=[]))


def test_repr__shows_what_is_to_be_shown(classes: tuple[type, ...]) -> None:
    """No secret; a class that shows itself its own way does."""
    point, named, _ = classes
    assert repr(point(1, 2, "a")).endswith("Point(x=1, y=2, name='a')")
    assert repr(named(1)) == "named"


@pytest.mark.parametrize("name", ["x", "more", "unknown"])
def test_frozen__takes_no_other_value(classes: tuple[type, ...], name: str) -> None:
    """No field is set again or deleted, and no attribute is added."""
    _, named, _ = classes
    value = named(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        setattr(value, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match=name):
        delattr(value, name)
    assert value == named(1)


def test_subclass__that_is_no_dataclass__has_attributes_of_its_own(classes: tuple[type, ...]) -> None:
    """Its own, as often as it likes; the fields stay frozen."""
    *_, opened = classes
    value = opened(3)
    assert value.own == 6
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.x = 1


def test_cached__values_are_kept(classes: tuple[type, ...]) -> None:
    """A property is computed once, and is no part of what is compared."""
    point, *_ = classes
    value = point(3, 4)
    assert value.length == 5
    assert value.__dict__["length"] == 5
    assert value == point(3, 4)


def test_replace_fields_copy_match(classes: tuple[type, ...]) -> None:
    """What the standard library does with its own, it does with ours."""
    point, named, _ = classes
    assert dataclasses.replace(named(1), more=(1,)) == named(1, more=(1,))
    assert [each.name for each in dataclasses.fields(named)] == ["x", "y", "name", "secret", "more"]
    assert dataclasses.asdict(point(1)) == {"x": 1, "y": 0, "name": "", "secret": "s"}
    assert copy.deepcopy(named(1)) == named(1)
    match point(1, 2):
        case point(x, y):
            assert (x, y) == (1, 2)


@frozen.dataclass(frozen=True)
class Kept:
    """A record that a file can find by its name."""

    value: int


def test_pickle__brings_a_record_back() -> None:
    """As another process would: by its class's name, without its ``__init__``."""
    assert pickle.loads(pickle.dumps(Kept(3))) == Kept(3)


def test_other_options__are_left_to_the_standard_library() -> None:
    """What this module does not speed up, it leaves to whom it belongs."""

    @frozen.dataclass
    class Mutable:
        """A class that changes."""

        x: int

    @frozen.dataclass(frozen=True, order=True, slots=True)
    class Ordered:
        """A class with an order."""

        x: int

    value = Mutable(1)
    value.x = 2
    assert value == Mutable(2)
    assert Ordered(1) < Ordered(2)
