"""High-water marks: what books must contain to be the ones that were known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proctor.ledger.entries import Draft, seal
from proctor.ledger.marks import Mark, from_text, is_lost, mark_of
from proctor.ledger.records import LossAccepted, Origin, to_body

from .places import AT, chain_of

KEY, OTHER = b"k" * 32, b"o" * 32


def mark(number: int = 3, key: bytes | None = None) -> Mark:
    return mark_of(chain_of(5)[number - 1], "testset f", "books", key)


def test_is_lost__books_that_go_on_are_the_same() -> None:
    """A mark that is behind is no fault: a machine may die between an entry and its mark."""
    assert [False] * 3 == [is_lost(mark(3), chain_of(length)) for length in (3, 4, 5)]


@pytest.mark.parametrize("length", [0, 1, 2])
def test_is_lost__books_that_are_shorter_are_cut_back(length: int) -> None:
    assert is_lost(mark(3), chain_of(length))


def test_is_lost__books_of_another_past_are_others() -> None:
    first = seal(Draft("evaluation", {"i": "other"}, AT), 1, "0" * 64)
    entries = [first]
    for number in range(2, 6):
        entries.append(seal(Draft("evaluation", {"i": number}, AT), number, entries[-1].hash))

    assert is_lost(mark(3), entries)


def test_is_lost__not_by_what_a_checkpoint_leaves_out() -> None:
    """Of books of which only some entries are looked at, the last one tells how far they go."""
    entries = chain_of(5)

    assert not is_lost(mark(3), [entries[0], entries[4]])
    assert is_lost(mark(5), [entries[0], entries[3]])


@pytest.mark.parametrize(("number", "at", "lost"), [(3, AT, False), (2, AT, True), (3, "2026-11-24T00:00:00Z", True)])
def test_is_lost__a_loss_that_the_owner_accepted_excuses_what_was_known_then(number: int, at: str, lost: bool) -> None:
    body = to_body(LossAccepted("f", number, "a" * 64, "a disk", Origin("g", "1")))
    entries = [*chain_of(1), seal(Draft(LossAccepted.kind, body, AT), 2, chain_of(1)[0].hash)]

    assert lost == is_lost(replace(mark(3), at=at), entries)


def test_signed__only_by_the_key_and_only_whole() -> None:
    signed = mark(key=KEY)

    assert signed.is_signed_by(KEY)
    assert not signed.is_signed_by(OTHER)
    assert not signed.is_signed_by(None)
    assert not mark().is_signed_by(KEY)
    assert not replace(signed, number=2).is_signed_by(KEY)


def test_from_text__what_was_written() -> None:
    assert mark(key=KEY) == from_text(mark(key=KEY).to_text(), "testset f")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "null", '{"number": 1}', mark().to_text()[:-9], mark().to_text().replace("3", "-3")]
)
def test_from_text__anything_else_marks_nothing(text: str) -> None:
    assert None is from_text(text, "testset f")


def test_from_text__a_mark_of_something_else() -> None:
    assert None is from_text(mark().to_text(), "testset g")
