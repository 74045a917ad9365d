"""A ledger of thousands of entries: a second look at it is quick, says the same, and decides nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from workshop import Workshop

from proctor import __version__
from proctor.ledger import Draft, open_ledger
from proctor.ledger.checkpoint import Checkpoint, from_text, to_text
from proctor.ledger.entries import seal

LEDGER = ".proctor/ledger.db"


@pytest.fixture
def long(ready: Workshop) -> Workshop:
    """A workshop whose test set has been asked 2,500 times."""
    ready.gate(condition="n - o > 0.01 +/- 0.04").proctor("check")
    with open_ledger(LEDGER, ready.root) as ledger:
        entries = list(ledger.read())
    rewrite(ready.root, entries, 2_500)
    return ready


def rewrite(root: Path, entries: list, length: int) -> None:
    """The ledger of *entries* and as many fails as it takes."""
    judged = entries[1]
    for i in range(len(entries), length + 1):
        body = {**judged.body, "outcome": "fail", "candidate": {**judged.body["candidate"], "digest": f"{i:064x}"}}
        entries.append(seal(Draft(judged.kind, body, judged.at), len(entries) + 1, entries[-1].hash))
    (root / LEDGER).unlink()
    with open_ledger(LEDGER, root) as ledger:
        ledger.adopt(entries)


def checkpoint(cache: Path) -> Path:
    (found,) = (cache / "proctor" / "checkpoints").iterdir()
    return found


def test_status__from_a_checkpoint_prints_the_same(long: Workshop, tmp_path: Path):
    """The first look leaves a checkpoint in the user's cache folder; later ones, after new verdicts too, use it."""
    cached, fresh = {"XDG_CACHE_HOME": str(tmp_path / "cache")}, {"XDG_CACHE_HOME": str(tmp_path / "none")}
    first = long.proctor("status", "--json", env=cached)
    assert first.json["budget"]["evaluations"] == 2_500
    assert first.out == long.proctor("status", "--json", env=cached).out
    written = checkpoint(tmp_path / "cache").read_text()
    assert from_text(written, __version__).last.number == 2_501

    long.predictions("new.csv", range(170, 400))
    assert long.proctor("check", env=cached).code in (0, 1)
    later = long.proctor("status", "--json", env=cached).json
    whole = long.proctor("status", "--json", env=fresh).json
    assert later["budget"].pop("next_level_log") == pytest.approx(whole["budget"].pop("next_level_log"), rel=1e-12)
    assert later["budget"].pop("bits_left") == pytest.approx(whole["budget"].pop("bits_left"), rel=1e-6)
    assert later == whole
    assert len(later["history"]) == 100
    assert checkpoint(tmp_path / "cache").read_text() == written


def test_check__believes_no_checkpoint(long: Workshop, tmp_path: Path):
    """Whoever can write the user's files can fool a look at the books; what is decided is decided on every entry."""
    cached = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    long.proctor("status", env=cached)
    file = checkpoint(tmp_path / "cache")
    known = from_text(file.read_text(), __version__)
    forged = {name: replace(account, evaluations=3) for name, account in known.accounts.items()}
    file.write_text(to_text(known._replace(accounts=forged), __version__))
    assert long.proctor("status", "--json", env=cached).json["budget"]["evaluations"] == 103

    long.predictions("new.csv", range(170, 400))
    assert long.proctor("check", "--json", env=cached).json["budget"]["evaluations"] == 2_501


def test_status__a_checkpoint_of_another_ledger_is_left_alone(long: Workshop, tmp_path: Path):
    """Cut off, or damaged: everything is read, and what is wrong is said."""
    cached = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    long.proctor("status", env=cached)
    with open_ledger(LEDGER, long.root) as ledger:
        entries = list(ledger.read())
    rewrite(long.root, entries[:1_500], 1_499)
    assert long.proctor("status", "--json", env=cached).json["budget"]["evaluations"] == 1_499

    rewrite(long.root, entries[:1_500], 2_600)
    file = checkpoint(tmp_path / "cache")
    nonsense = to_text(Checkpoint((), {}), __version__)
    for content in (b"\xff damaged", nonsense.encode(), b""):
        file.write_bytes(content)
        assert long.proctor("status", "--json", env=cached).json["budget"]["evaluations"] == 2_600


@pytest.mark.parametrize("cache", ["relative", "/dev/null/nowhere", ""])
def test_status__without_a_cache_folder(long: Workshop, cache: str):
    """Where nothing can be kept, every look reads everything."""
    nowhere = {"XDG_CACHE_HOME": cache, "HOME": "/dev/null"}
    assert [2_500] * 2 == [
        long.proctor("status", "--json", env=nowhere).json["budget"]["evaluations"] for _ in range(2)
    ]


def test_status__of_a_short_ledger_keeps_nothing(ready: Workshop, tmp_path: Path):
    """Looking creates nothing where it saves nothing."""
    ready.proctor("check")
    ready.proctor("status", env={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert not (tmp_path / "cache").exists()
