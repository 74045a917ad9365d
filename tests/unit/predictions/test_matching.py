"""Ids in another order are found without a dictionary, and nothing is found that is not there."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.predictions.matching import positions


class Clashing(str):
    """Text whose hash is that of all of its kind."""

    __slots__ = ()

    def __hash__(self) -> int:
        return 7


def test_rows_are_those_of_the_same_ids() -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 17, 70_000):  # the last one takes two pieces
        ids = [f"é{number}" for number in range(n)]
        wanted, given = ([ids[i] for i in rng.permutation(n)] for _ in range(2))
        rows = positions(wanted, given)
        assert rows is not None
        assert [given[row] for row in rows] == wanted


@pytest.mark.parametrize(
    "given", [["a", "b"], ["a", "b", "d"], ["a", "b", "b"], ["a", "b", "c", "d"], ["a", "b", "C"], []]
)
def test_other_ids_are_no_match(given: list[str]) -> None:
    assert positions(["a", "b", "c"], given) is None


def test_an_id_that_is_twice_on_both_sides_is_no_match() -> None:
    assert positions(["a", "b", "b"], ["b", "a", "b"]) is None


def test_equal_hashes_make_up_no_match() -> None:
    assert positions([Clashing("a")], [Clashing("b")]) is None
    assert positions([Clashing("a"), Clashing("b")], [Clashing("a"), Clashing("b")]) is None
