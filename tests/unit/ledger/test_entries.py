"""Tests of `proctor.ledger.entries`."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DomainError, LedgerCorrupt
from proctor.ledger.entries import GENESIS, Draft, Entry, canonical_json, derive_key, from_json, from_line, seal

from .places import AT, draft

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
bodies = st.dictionaries(st.text(max_size=8), json_values, max_size=5)


@given(bodies)
def test_from_line__inverts_to_line(body: dict):
    """Every entry comes back from its line as it was, body included."""
    entry = seal(Draft("evaluation", body, AT), 7, "a" * 64, b"key")

    again = from_line(entry.to_line())

    assert again == entry
    assert again.body == body


@given(bodies)
def test_to_line__is_canonical_json(body: dict):
    """A line has sorted keys and no white space, so the same entry is the same bytes everywhere."""
    line = seal(Draft("evaluation", body, AT), 7, "a" * 64).to_line()

    assert line == canonical_json(json.loads(line))
    assert "\n" not in line


def test_from_line__reads_another_layout():
    """What a tool has re-indented or reordered is the same entry."""
    entry = seal(draft(b=1, a="ü"), 1, GENESIS)
    content = json.loads(entry.to_line())

    assert from_line(json.dumps(dict(reversed(content.items())), indent=1)) == entry


def test_seal__hash_can_be_recomputed_from_its_description():
    """The hash is SHA-256 of one line and the canonical JSON of six fields, the MAC is an HMAC of the hash."""
    entry = seal(draft(n=1), 3, "b" * 64, b"key")
    fields = {"at": AT, "body": {"n": 1}, "format": 1, "kind": "evaluation", "number": 3, "previous": "b" * 64}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))

    assert hashlib.sha256(f"proctor ledger entry\n{text}".encode()).hexdigest() == entry.hash
    assert hmac.new(b"key", f"proctor ledger signature\n{entry.hash}".encode(), "sha256").hexdigest() == entry.mac


def test_seal__golden():
    """The hashed form never changes within format 1: ledgers of every later version depend on it."""
    entry = seal(draft(outcome="pass", log_level=-6.9), 1, GENESIS)

    assert entry.hash == "7c2b90d86be5551c4aa4fc96577eaf40c6d03f5f56ee639f662adcf9fa6687ac"


@pytest.mark.parametrize(
    "body",
    [{1: "a"}, {"a": float("nan")}, {"a": float("inf")}, {"a": (1, 2)}, {"a": {1}}, {"a": b"x"}, {"a": "\ud800"}],
    ids=["number as key", "nan", "infinity", "tuple", "set", "bytes", "half a character"],
)
def test_draft__refuses_what_is_not_plain_json(body: dict):
    """A body that would come back as something else is refused before it is hashed."""
    with pytest.raises(DomainError, match="plain JSON"):
        Draft("evaluation", body, AT)


@pytest.mark.parametrize("kind", ["", "Evaluation", "a b", 'a"b', "a\nb", "x" * 65])
def test_draft__refuses_odd_kinds(kind: str):
    """A kind is a short plain word."""
    with pytest.raises(DomainError, match="kind"):
        Draft(kind, {}, AT)


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-23", "2026-11-23T21:43:00", "2026-11-23T21:43:00+01:00"])
def test_draft__wants_utc(at: str):
    """A time without a zone, or of another zone, is refused."""
    with pytest.raises(DomainError, match="UTC"):
        Draft("evaluation", {}, at)


GOOD = json.loads(seal(draft(a=1), 1, GENESIS).to_line())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"number": "1"}, "number"),
        ({"number": True}, "number"),
        ({"number": 0}, "number"),
        ({"format": 0}, "format"),
        ({"hash": "ab"}, "hash"),
        ({"hash": "A" * 64}, "hash"),
        ({"previous": None}, "previous"),
        ({"mac": "x"}, "mac"),
        ({"kind": "No Kind"}, "kind"),
        ({"at": "now"}, "at"),
        ({"body": [1]}, "body"),
        ({"body": {"a": "\ud800"}}, "plain JSON"),
        ({"extra": 1}, "exactly the fields"),
    ],
    ids=str,
)
def test_from_json__names_the_field(change: dict, problem: str):
    """A field that is missing, unknown or malformed is named."""
    with pytest.raises(LedgerCorrupt, match=problem):
        from_json(GOOD | change)


@pytest.mark.parametrize(
    "line",
    ["", "x", "[]", "{}", '{"a":1,"a":1}', '{"a":NaN}', "[" * 100_000],
    ids=["empty", "word", "list", "object", "key twice", "nan", "deep"],
)
def test_from_line__refuses_rubbish(line: str):
    """What is not an entry is a corrupt ledger, never another exception."""
    with pytest.raises(LedgerCorrupt, match="not a ledger entry"):
        from_line(line)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a":NaN}', None])
def test_body__of_a_tampered_store(text: str):
    """A body that is not a JSON object says which entry it belongs to."""
    entry = Entry(number=9, previous=GENESIS, kind="evaluation", text=text, at=AT, hash="a" * 64)

    with pytest.raises(LedgerCorrupt, match="entry 9"):
        _ = entry.body


def test_draft__of_an_entry_seals_to_the_same_hash():
    """An entry's draft holds everything that was recorded."""
    entry = seal(draft(a=[1, {"b": None}]), 4, "c" * 64)

    assert seal(Draft(entry.kind, entry.body, entry.at), 4, "c" * 64) == entry


def test_derive_key__does_not_depend_on_the_end_of_the_line():
    """The same secret from a file and from the environment is the same key."""
    assert derive_key(b"secret\n") == derive_key(b"secret")
    assert derive_key(b"secret") != derive_key(b"Secret")
