"""One address of a ledger, however it is spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.errors import Misuse
from proctor.ledger import address
from proctor.ledger.address import BranchAddress, FileAddress, ServerAddress


@pytest.mark.parametrize(
    ("spellings", "canonical"),
    [
        ((".proctor/ledger.db", "./.proctor/ledger.db", "x/../.proctor//ledger.db", "/gate/.proctor/ledger.db"),
         ".proctor/ledger.db"),
        (("../books.db", "./../x/../books.db"), "../books.db"),
        (("/srv/books.db", "/srv/./books.db"), "/srv/books.db"),
        (("git:origin/books", "GIT:origin/books", "git:origin#books"), "git:origin/books"),
        (("postgres://ada@DB/exam", "postgresql://db:5432/exam", "PostgreSQL://eve:x@db/exam"), "postgresql://db/exam"),
        (("postgresql://a,B:5432/x?b=1&a=2",), "postgresql://a,b/x?a=2&b=1"),
    ],
)  # fmt: skip
def test_canonical__spellings_of_one_place_are_one(spellings: tuple[str, ...], canonical: str) -> None:
    assert {canonical} == {address.parse(each).canonical(Path("/gate")) for each in spellings}


def test_canonical__databases_named_by_their_users_are_two() -> None:
    """Without a name the database is the user's own."""
    one, other = (address.parse(f"postgresql://{user}@db").canonical(Path()) for user in ("ada", "eve"))

    assert one != other


@pytest.mark.parametrize(
    ("text", "kind"), [("books.db", FileAddress), ("POSTGRES://db/x", ServerAddress), ("Git:up/books", BranchAddress)]
)
def test_parse__knows_the_three_kinds(text: str, kind: type) -> None:
    assert isinstance(address.parse(text), kind)


@pytest.mark.parametrize("text", ["", " ", "http://host/books", "mysql://db/x"])
def test_parse__refuses_what_is_no_place(text: str) -> None:
    with pytest.raises(Misuse):
        address.parse(text)
