"""
Form of one entry of the ledger: canonical text, hash and message authentication code.

An entry commits to the one before it by that one's hash, so the last hash (the *head*) stands for the whole
ledger. This module knows bytes, not meaning: to it, the body of an entry is opaque JSON.

The hash of an entry is SHA-256 over the line ``proctor ledger entry`` and the canonical JSON of the fields
at, body, format, kind, number and previous: anybody can recompute it from an export with a few lines of code.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from proctor.errors import DomainError, LedgerCorrupt
from proctor.frozen import dataclass, field, replace

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

FORMAT = 1
"""Version of the hashed form; an entry of another version cannot be checked by this program."""

GENESIS = "0" * 64
"""Head of an empty ledger."""

_HASH_DOMAIN = b"proctor ledger entry\n"
_MAC_DOMAIN = b"proctor ledger signature\n"

_KIND = re.compile(r"[a-z][a-z0-9._-]{0,63}")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|\+00:00)")
_HASH = re.compile(r"[0-9a-f]{64}")
_PATTERNS = {"at": _AT, "hash": _HASH, "kind": _KIND, "mac": _HASH, "previous": _HASH}
_LINE = re.compile(
    r'\{"at":"(?P<at>[0-9T:.Z+-]+)","body":(?P<text>\{.*\}),"format":(?P<format>\d{1,9}),'
    r'"hash":"(?P<hash>[0-9a-f]{64})","kind":"(?P<kind>[a-z0-9._-]+)","mac":(?:null|"(?P<mac>[0-9a-f]{64})"),'
    r'"number":(?P<number>\d{1,15}),"previous":"(?P<previous>[0-9a-f]{64})"\}'
)
COLUMNS = ("number", "previous", "kind", "text", "at", "hash", "mac", "format")
"""Fields of an entry in the order of a database's columns, where the text is called ``body``."""

_FIELDS = ("at", "body", "format", "hash", "kind", "mac", "number", "previous")

_quote = json.encoder.encode_basestring


@dataclass(frozen=True, slots=True)
class Draft:
    """
    Entry that the caller wants to record, before it has a place in the chain.

    Args:
        kind: What sort of entry; lower-case letters, digits, ``.``, ``_`` and ``-``.
        body: Plain JSON with string keys; numbers must be finite.
        at: Time in UTC, ISO 8601, such as ``2026-11-23T21:43:00Z``.

    Raises:
        DomainError: If an argument lies outside its domain.
    """

    kind: str
    body: Mapping[str, JSON]
    at: str

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise DomainError(
                f"{self.kind!r} is not a kind of ledger entry: use lower-case letters, digits, '.', '_', '-'"
            )
        if not _AT.fullmatch(self.at):
            raise DomainError(f"{self.at!r} is not a time in UTC such as 2026-11-23T21:43:00Z")
        canonical_json(dict(self.body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One link of the chain, as it is stored.

    Attributes:
        number: Position in the ledger, from 1.
        previous: Hash of the entry before; `GENESIS` for the first.
        kind: What sort of entry.
        text: The body as the canonical JSON that was hashed.
        at: Time in UTC, ISO 8601.
        hash: SHA-256 of all of the above, 64 hexadecimal digits.
        mac: HMAC-SHA256 of the hash under the owner's ledger key; ``None`` if there was no key.
        format: Version of the hashed form.
    """

    number: int
    previous: str
    kind: str
    text: str
    at: str
    hash: str
    mac: str | None = None
    format: int = FORMAT
    _body: dict[str, JSON] | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def body(self) -> dict[str, JSON]:
        """The body, parsed when first asked for, not to be changed; `LedgerCorrupt` if a tampered store has none."""
        if self._body is None:
            object.__setattr__(self, "_body", _parse_body(self))
        return self._body  # type: ignore[return-value]  # set on the line above

    @classmethod
    def of_row(cls, row: Iterable[Any]) -> Entry:
        """The entry in the `COLUMNS` of a table."""
        return cls(**dict(zip(COLUMNS, row, strict=True)))

    @property
    def row(self) -> tuple[object, ...]:
        """Values for the `COLUMNS` of a table."""
        return tuple(getattr(self, name) for name in COLUMNS)

    def signed(self, key: bytes) -> Entry:
        """The same entry with the code of *key*; the hash does not cover it, so the chain stays as it is."""
        return replace(self, mac=signature(self.hash, key))

    def to_line(self) -> str:
        """The entry as one line of canonical JSON, without the line's end."""
        mac = "null" if self.mac is None else f'"{self.mac}"'
        return (
            f'{{"at":{_quote(self.at)},"body":{self.text},"format":{self.format},"hash":"{self.hash}",'
            f'"kind":{_quote(self.kind)},"mac":{mac},"number":{self.number},"previous":"{self.previous}"}}'
        )


def seal(draft: Draft, number: int, previous: str, key: bytes | None = None) -> Entry:
    """The entry that records *draft* as the given *number*, after the entry whose hash is *previous*."""
    text = _encoder.encode(dict(draft.body))  # the draft has checked it
    bare = Entry(number=number, previous=previous, kind=draft.kind, text=text, at=draft.at, hash="")
    whole = replace(bare, hash=hash_of(bare))
    return whole if key is None else whole.signed(key)


def hash_of(entry: Entry) -> str:
    """The hash that an entry of this content has, whatever its ``hash`` says."""
    # An f-string of canonical parts is the canonical JSON of the whole, at a fifth of the cost of json.dumps.
    content = (
        f'{{"at":{_quote(entry.at)},"body":{entry.text},"format":{entry.format},"kind":{_quote(entry.kind)},'
        f'"number":{entry.number},"previous":{_quote(entry.previous)}}}'
    )
    # A tampered store may hold lone surrogates; they must give another hash, not an exception.
    return hashlib.sha256(_HASH_DOMAIN + content.encode("utf-8", "surrogatepass")).hexdigest()


def signature(entry_hash: str, key: bytes) -> str:
    """HMAC-SHA256 of an entry's hash; through the chain it vouches for everything before it, too."""
    return hmac.digest(key, _MAC_DOMAIN + entry_hash.encode(), "sha256").hex()


def derive_key(secret: bytes) -> bytes:
    """
    The ledger key of an owner, from the secret as it stands in a key file or in ``PROCTOR_KEY``.

    Derived, so that nothing signed here helps against what else the same secret protects.
    """
    return hmac.digest(secret.strip(), b"proctor ledger key 1", "sha256")


def canonical_json(body: dict[str, Any]) -> str:
    """
    The one text of a JSON object: sorted keys, no white space, no escapes that UTF-8 does not need.

    Raises:
        DomainError: If *body* is not plain JSON: other types, other keys than strings, NaN, infinity, half characters.

    >>> canonical_json({"b": 0.1, "a": [None, "ü"]})
    '{"a":[null,"ü"],"b":0.1}'
    """
    try:
        text = _encoder.encode(body)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DomainError(f"the body of a ledger entry must be plain JSON: {error}") from None
    if json.loads(text) != body:
        raise DomainError("the body of a ledger entry must be plain JSON: only string keys, and lists for sequences")
    return text


def from_line(line: str) -> Entry:
    """
    Read what `Entry.to_line` wrote, or the same JSON in another layout.

    Raises:
        LedgerCorrupt: If the line is not an entry; whether it is the *right* entry, the chain says.
    """
    if match := _LINE.fullmatch(line):
        fields: dict[str, Any] = match.groupdict()
        return Entry(**fields | {name: int(fields[name]) for name in ("number", "format")})
    try:
        return from_json(json.loads(line, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant))
    except json.JSONDecodeError:
        raise LedgerCorrupt("not a ledger entry: the line is not JSON") from None
    except (ValueError, RecursionError) as error:
        raise LedgerCorrupt(f"not a ledger entry: {error}") from None


def from_json(value: object) -> Entry:
    """
    An entry from its parsed JSON; strict about fields and types.

    Raises:
        LedgerCorrupt: If a field is missing, unknown or of the wrong form.
    """
    if not isinstance(value, dict) or sorted(value) != list(_FIELDS):
        raise LedgerCorrupt(f"not a ledger entry: it needs exactly the fields {', '.join(_FIELDS)}")
    for name, each in sorted(value.items()):
        if not _is_good(name, each):
            raise LedgerCorrupt(f"not a ledger entry: {name} cannot be {each!r}")
    try:
        text = canonical_json(value["body"])
    except DomainError as error:
        raise LedgerCorrupt(f"not a ledger entry: {error.message}") from None
    return Entry(text=text, **{name: each for name, each in value.items() if name != "body"})


def _is_good(name: str, value: object) -> bool:
    if name in ("format", "number"):
        return type(value) is int and value > 0
    if name in _PATTERNS:
        return (name == "mac" and value is None) or (isinstance(value, str) and bool(_PATTERNS[name].fullmatch(value)))
    return isinstance(value, dict)


def _parse_body(entry: Entry) -> dict[str, JSON]:
    try:
        body = _decoder.decode(entry.text)
    except (TypeError, ValueError, RecursionError) as error:
        raise LedgerCorrupt(f"the body of ledger entry {entry.number} is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise LedgerCorrupt(f"the body of ledger entry {entry.number} is not a JSON object")
    return body


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# json.dumps and json.loads would build these for every call.
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
