"""Tests of `proctor.ledger.chain`: every way of tampering is found and named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DomainError, KeyFault, LedgerCorrupt, LedgerTooNew
from proctor.ledger.chain import Fault, Finding, check, verify
from proctor.ledger.entries import GENESIS, Entry, hash_of, seal

from .places import chain_of, draft

KEY = b"the owner's key"
CHAIN = chain_of(6)
SIGNED = chain_of(6, KEY)


def rehashed(entry: Entry) -> Entry:
    """What a forger makes of an edited entry: the hash is right again."""
    return replace(entry, hash=hash_of(entry))


def rewritten_from(number: int) -> list[Entry]:
    """A chain that is whole, but another one from some entry on."""
    chain = CHAIN[: number - 1]
    for later in range(number, len(CHAIN) + 1):
        chain = [*chain, seal(draft(i="forged"), later, chain[-1].hash if chain else GENESIS)]
    return chain


def exchanged(first: int, second: int) -> list[Entry]:
    """The chain with two rows that have exchanged their numbers, as an SQL statement could do it."""
    chain = list(CHAIN)
    chain[first - 1] = replace(CHAIN[second - 1], number=first)
    chain[second - 1] = replace(CHAIN[first - 1], number=second)
    return chain


EDITED = replace(CHAIN[2], text='{"i":33}')

TAMPERED = {
    "edited": ([*CHAIN[:2], EDITED, *CHAIN[3:]], {Finding(Fault.EDITED, 3)}),
    "edited kind": ([*CHAIN[:5], replace(CHAIN[5], kind="retirement")], {Finding(Fault.EDITED, 6)}),
    "edited hash of the last": ([*CHAIN[:5], replace(CHAIN[5], hash="e" * 64)], {Finding(Fault.EDITED, 6)}),
    "edited and hashed again": ([*CHAIN[:2], rehashed(EDITED), *CHAIN[3:]], {Finding(Fault.FORKED, 3)}),
    "unreadable": (
        [*CHAIN[:5], rehashed(replace(CHAIN[5], text='{"i":'))],
        {Finding(Fault.UNREADABLE, 6)},
    ),
    "first removed": (CHAIN[1:], {Finding(Fault.REMOVED, 1, 1)}),
    "two removed": ([*CHAIN[:1], *CHAIN[3:]], {Finding(Fault.REMOVED, 2, 3)}),
    "removed and renumbered": (
        [*CHAIN[:2], *(replace(e, number=e.number - 1) for e in CHAIN[3:])],
        {Finding(Fault.REORDERED, 4, 3), Finding(Fault.REORDERED, 5, 4), Finding(Fault.REORDERED, 6, 5)},
    ),
    "beginning cut off and renumbered": ([rehashed(replace(CHAIN[1], number=1))], {Finding(Fault.FORKED, 0)}),
    "two lines exchanged": ([CHAIN[0], CHAIN[2], CHAIN[1], *CHAIN[3:]], {Finding(Fault.REORDERED, 2, 3)}),
    "two rows exchanged": (exchanged(2, 5), {Finding(Fault.REORDERED, 2, 5), Finding(Fault.REORDERED, 5, 2)}),
    "duplicated": ([*CHAIN, CHAIN[1]], {Finding(Fault.DUPLICATED, 2, 7)}),
    "two histories": ([*CHAIN, seal(draft(i="other"), 6, CHAIN[4].hash)], {Finding(Fault.FORKED, 6)}),
    "another version": ([*CHAIN[:5], replace(CHAIN[5], format=2)], {Finding(Fault.UNKNOWN_VERSION, 6, 2)}),
}


@pytest.mark.parametrize(("entries", "expected"), TAMPERED.values(), ids=TAMPERED)
def test_verify__names_what_was_done_to_which_entry(entries: list[Entry], expected: set):
    """Each kind of tampering gives its own finding, with the number of the entry, and no others."""
    findings = verify(entries)

    assert expected == set(findings)
    assert all(str(f.number or 1) in f.sentence for f in findings)


@pytest.mark.parametrize("entries", [entries for entries, _ in TAMPERED.values()][:-1], ids=list(TAMPERED)[:-1])
def test_check__refuses_what_verify_finds(entries: list[Entry]):
    """Nothing that verify would complain of is ever read (a body that is no JSON is found when it is used)."""
    if set(verify(entries)) == {Finding(Fault.UNREADABLE, 6)}:
        with pytest.raises(LedgerCorrupt):
            _ = [entry.body for entry in entries]
    else:
        with pytest.raises(LedgerCorrupt, match=r"entr(y|ies) \d"):
            check(entries)


@pytest.mark.parametrize("length", [0, 1, 6])
def test_verify__finds_nothing_in_a_good_chain(length: int):
    """A whole chain verifies, with its own heads, with and without a key."""
    heads = [entry.hash for entry in CHAIN[:length]] + [f"{e.number}:{e.hash[:10]}" for e in CHAIN[:length]]

    assert verify(CHAIN[:length], known_heads=[GENESIS, *heads]) == ()
    assert verify(SIGNED[:length], known_heads=heads, key=KEY) == ()
    check(SIGNED[:length], key=KEY)


def test_verify__finds_a_truncated_ledger_by_any_published_head():
    """A ledger whose end was cut off is whole in itself; any later head that was published shows it."""
    cut = CHAIN[:3]

    assert verify(cut) == ()
    assert verify(cut, known_heads=[CHAIN[1].hash]) == ()
    for later in CHAIN[3:]:
        assert verify(cut, known_heads=[later.hash]) == (Finding(Fault.TRUNCATED, other=3, head=later.hash),)
    assert verify(cut, known_heads=[f"5:{CHAIN[4].hash}"]) == (Finding(Fault.TRUNCATED, other=3, head=CHAIN[4].hash),)
    assert verify([], known_heads=[CHAIN[0].hash]) == (Finding(Fault.TRUNCATED, other=0, head=CHAIN[0].hash),)


def test_verify__finds_a_rewritten_ledger_by_a_published_head():
    """Somebody who hashes everything again from some entry on is found by a head from before, and by where it stood."""
    forged = rewritten_from(4)

    assert verify(forged) == ()
    assert verify(forged, known_heads=[f"3:{CHAIN[2].hash}"]) == ()
    assert verify(forged, known_heads=[f"5:{CHAIN[4].hash}"]) == (Finding(Fault.FORKED, 5),)
    assert verify(forged, known_heads=[CHAIN[4].hash[:8]]) == (
        Finding(Fault.TRUNCATED, other=6, head=CHAIN[4].hash[:8]),
    )


def test_verify__a_head_stands_behind_its_entry():
    """A published head that is found behind another entry than it was published with is a finding."""
    moved = (Finding(Fault.MISPLACED, 5, 2, CHAIN[1].hash),)

    assert moved == verify(CHAIN, known_heads=[f"5:{CHAIN[1].hash}"])
    assert (Finding(Fault.MISPLACED, 2, 6, CHAIN[5].hash),) == verify(CHAIN, known_heads=[f"2:{CHAIN[5].hash}"])
    assert (Finding(Fault.MISPLACED, 3, 0, GENESIS),) == verify(CHAIN, known_heads=[f"3:{GENESIS}"])
    assert () == verify(CHAIN, known_heads=[f"0:{GENESIS}", f"6:{CHAIN[5].hash}"])
    assert "is that of entry 2, not of entry 5" in moved[0].sentence


def test_verify__with_the_key_finds_forged_and_unsigned_entries():
    """Without the owner's key nobody can add or replace an entry unnoticed."""
    added = seal(draft(i=7), 7, SIGNED[5].hash)

    assert verify([*SIGNED, added], key=KEY) == (Finding(Fault.UNSIGNED, 7),)
    assert verify([*SIGNED, added.signed(b"guess")], key=KEY) == (Finding(Fault.FORGED_MAC, 7),)
    assert verify([*SIGNED[:5], replace(SIGNED[5], mac=SIGNED[4].mac)], key=KEY) == (Finding(Fault.FORGED_MAC, 6),)


def test_verify__says_once_that_the_key_is_another():
    """Where no entry is signed with it, one sentence says so, not one for each; where one is, the others are named."""
    assert verify(SIGNED, key=b"another") == (Finding(Fault.WRONG_KEY),)
    assert verify([*SIGNED[:5], SIGNED[5].signed(b"another")], key=b"another") == tuple(
        Finding(Fault.FORGED_MAC, number) for number in range(1, 6)
    )
    assert verify([], key=b"another") == ()


def test_check__says_what_to_do():
    """A later version, a missing signature and a broken chain are three different things to do."""
    with pytest.raises(LedgerTooNew, match="Upgrade"):
        check([*CHAIN[:5], replace(CHAIN[5], format=2)])
    with pytest.raises(KeyFault, match="import"):
        check(CHAIN, key=KEY)
    with pytest.raises(LedgerCorrupt, match=r"^wrong key: every entry of the ledger is signed with another key\nGive"):
        check(SIGNED, key=b"another")


def test_check__continues_what_was_verified_before():
    """New entries are checked against the last of those that were verified, and nothing is checked twice."""
    check(CHAIN[4:], before=CHAIN[:4])

    with pytest.raises(LedgerCorrupt, match="entry 5 was removed"):
        check(CHAIN[5:], before=CHAIN[:4])


@pytest.mark.parametrize("head", ["", "abc", "x" * 64, "f" * 65, "a:" + "f" * 64, ":" + "f" * 64])
def test_verify__refuses_what_is_no_head(head: str):
    """A head that proves nothing is a misuse, not a finding."""
    with pytest.raises(DomainError, match="published head"):
        verify(CHAIN, known_heads=[head])


@given(st.data())
def test_verify__finds_every_single_change(data: st.DataObject):
    """Whatever one field of one entry is changed to, something is found."""
    place = data.draw(st.integers(0, 5))
    name = data.draw(st.sampled_from(["number", "previous", "kind", "text", "at", "hash"]))
    old = getattr(CHAIN[place], name)
    new = data.draw((st.integers(0, 10) if name == "number" else st.text()).filter(lambda value: value != old))

    assert verify([*CHAIN[:place], replace(CHAIN[place], **{name: new}), *CHAIN[place + 1 :]]) != ()


@given(st.lists(st.sampled_from(CHAIN), max_size=8))
def test_verify__finds_every_selection(entries: list[Entry]):
    """Only a beginning of the chain, in order, verifies."""
    assert (verify(entries) == ()) == (entries == CHAIN[: len(entries)])
