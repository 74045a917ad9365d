"""Tests of `proctor.ledger.sqlite` beyond the contract: what can happen to a file."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from proctor.errors import (
    LedgerCorrupt,
    LedgerError,
    LedgerLocked,
    LedgerMoved,
    LedgerTooNew,
    LedgerUnreachable,
    LedgerUnwritable,
)
from proctor.ledger import GENESIS, Ledger, open_ledger
from proctor.ledger.sqlite import SqliteStore, _put_in_place

from .places import chain_of, draft

TRIGGERS = ("entry_continues_the_chain", "entry_is_never_changed", "entry_is_never_removed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of 50 entries."""
    with open_ledger("ledger.db", tmp_path) as ledger:
        ledger.adopt(chain_of(50))
    return tmp_path / "ledger.db"


def reopened(path: Path) -> Ledger:
    return Ledger(SqliteStore(path, timeout_s=0.1))


def execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET body = '{}' WHERE number = 3",
        "DELETE FROM entry WHERE number = 50",
        "DELETE FROM entry",
        f"INSERT INTO entry VALUES (52, '{'a' * 64}', 'evaluation', '{{}}', 'now', '{'b' * 64}', NULL, 1)",
        f"INSERT INTO entry VALUES (51, '{'a' * 64}', 'evaluation', '{{}}', 'now', '{'b' * 64}', NULL, 1)",
        f"INSERT OR REPLACE INTO entry VALUES (50, '{'a' * 64}', 'evaluation', '{{}}', 'now', '{'b' * 64}', NULL, 1)",
    ],
)
def test_schema__is_append_only(path: Path, statement: str):
    """The file itself refuses changes, removals and entries that do not continue the chain."""
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|continue the last"):
        execute(path, statement)

    assert reopened(path).read() == tuple(chain_of(50))


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("UPDATE entry SET body = '{\"i\":7}' WHERE number = 3", "entry 3 was edited"),
        ("DELETE FROM entry WHERE number BETWEEN 20 AND 29", "entries 20 to 29 were removed"),
        ("UPDATE entry SET number = CASE number WHEN 50 THEN 51 END WHERE number = 50", "entry 50 was moved"),
        ("UPDATE entry SET hash = substr(hash, 2) || 'x' WHERE number = 50", "entry 50 was edited"),
        ("UPDATE entry SET previous = hash WHERE number = 1", "entry 1 was edited"),
        ("UPDATE entry SET body = CAST(body AS BLOB) WHERE number = 2", "entry 2 was edited"),
        ("UPDATE entry SET format = 9 WHERE number = 50", "format 9"),
    ],
)
def test_read__finds_tampering_behind_the_triggers(path: Path, tampering: str, finding: str):
    """Whoever drops the triggers and changes rows is found out, and the entry is named."""
    execute(path, "PRAGMA ignore_check_constraints = ON", *(f"DROP TRIGGER {name}" for name in TRIGGERS), tampering)

    with pytest.raises(LedgerError, match=finding):
        reopened(path).read()
    assert any(finding in found.sentence for found in reopened(path).examine()[1])


def test_verify__finds_a_shortened_file_by_its_head(path: Path):
    """Rows that are cut off the end show against the head that was published."""
    execute(path, *(f"DROP TRIGGER {name}" for name in TRIGGERS), "DELETE FROM entry WHERE number > 40")

    assert len(reopened(path).read()) == 40
    _, (finding,) = reopened(path).examine(known_heads=[chain_of(50)[-1].hash])
    assert "cut off" in finding.sentence


def test_append__waits_and_then_says_who_to_look_for(path: Path):
    """A lock that is never given back ends in a clear error, and nothing is written."""
    ledger = reopened(path)
    head = ledger.head()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(LedgerLocked, match="locked by others"):
        ledger.append(draft(i=51), head)

    other.execute("ROLLBACK")
    other.close()
    assert ledger.append(draft(i=51), head).number == 51


@pytest.mark.parametrize("keep", [0, 1, 50, 100, 4096, 5000, 9000])
def test_read__of_a_truncated_file(path: Path, keep: int):
    """A file that was cut anywhere is corrupt, and above all not an empty ledger."""
    os.truncate(path, keep)

    with pytest.raises(LedgerCorrupt):
        reopened(path).read()
    with pytest.raises(LedgerCorrupt):
        reopened(path).append(draft(), GENESIS)


def test_read__of_scrambled_pages(path: Path):
    """Overwritten pages are corrupt, never another exception."""
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    path.write_bytes(content)

    with pytest.raises(LedgerCorrupt):
        reopened(path).read()


@pytest.mark.parametrize("content", [b"", b"hello", b"condition: n > 0.9\n" * 1000], ids=["empty", "short", "text"])
def test_read__of_another_file(tmp_path: Path, content: bytes):
    """A file that is no ledger is refused and left alone."""
    path = tmp_path / "ledger.db"
    path.write_bytes(content)

    with pytest.raises(LedgerCorrupt):
        reopened(path).append(draft(), GENESIS)
    assert path.read_bytes() == content


def test_read__of_another_database(tmp_path: Path):
    """A database of another program is not taken for an empty ledger."""
    path = tmp_path / "other.db"
    execute(path, "CREATE TABLE entry (number)")

    with pytest.raises(LedgerCorrupt, match="not a ledger of proctor"):
        reopened(path).read()


def test_read__of_a_later_schema(path: Path):
    """A ledger of a later version is left alone."""
    execute(path, "PRAGMA user_version = 2")

    with pytest.raises(LedgerTooNew, match="schema version 2"):
        reopened(path).read()
    with pytest.raises(LedgerTooNew):
        reopened(path).append(draft(), GENESIS)


def test_append__where_no_ledger_can_be(tmp_path: Path):
    """A folder in the ledger's place, or a file in its folder's place, is named."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerError, match="folder"):
        reopened(tmp_path / "folder").append(draft(), GENESIS)
    with pytest.raises(LedgerError, match="file"):
        reopened(tmp_path / "file" / "ledger.db").append(draft(), GENESIS)
    with pytest.raises(LedgerUnwritable, match="cannot be created"):
        reopened(Path("/proc/proctor/ledger.db")).append(draft(), GENESIS)
    with pytest.raises(LedgerUnreachable):
        reopened(tmp_path / ("x" * 300)).read()


def test_append__to_a_replaced_file_goes_to_the_new_one(path: Path, tmp_path: Path):
    """An open ledger never writes into a file that was deleted under it; it says that the ledger changed."""
    ledger = reopened(path)
    head = ledger.head()
    for name in tmp_path.glob("ledger.db*"):
        name.unlink()

    with pytest.raises(LedgerMoved):
        ledger.append(draft(i=51), head)
    with pytest.raises(LedgerCorrupt, match="no longer"):
        ledger.read()


def as_nobody(script: str, *arguments: str) -> str:
    """Output of a script that runs without the rights of root; it sees this process's modules."""
    prefix = "import os\nif os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
    # Modules are imported before the rights are given up: nobody may not see where they are installed.
    imports = "import sqlite3, sys, tempfile\nfrom pathlib import Path\nfrom proctor import errors\n"
    imports += "from proctor.ledger import Draft, GENESIS, open_ledger\nimport proctor.ledger.sqlite\n"
    program = imports + prefix + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs POSIX permissions")
def test_read__in_a_read_only_folder():
    """Where nothing may be written, a ledger can still be read; an append says what is missing."""
    with tempfile.TemporaryDirectory() as folder:
        with open_ledger("ledger.db", Path(folder)) as ledger:
            ledger.adopt(chain_of(3))
        (Path(folder) / "ledger.db").chmod(0o444)
        Path(folder).chmod(0o555)

        out = as_nobody(
            """
            ledger = open_ledger("ledger.db", Path(sys.argv[1]))
            print(len(ledger.read()))
            for name in ("ledger.db", "new.db"):
                ledger = open_ledger(name, Path(sys.argv[1]))
                try:
                    ledger.append(Draft("evaluation", {}, "2026-11-23T21:43:00Z"), ledger.head())
                except errors.LedgerUnwritable as error:
                    print(type(error).__name__)
            """,
            folder,
        )
        Path(folder).chmod(0o755)

    assert out.split() == ["3", "LedgerUnwritable", "LedgerUnwritable"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE")
def test_append__to_a_full_disk_is_whole_or_not_there(tmp_path: Path):
    """When space runs out the append fails with a name, and the ledger verifies and grows again later."""
    script = """
    import resource
    ledger = open_ledger("ledger.db", Path(sys.argv[1]))
    head = ledger.append(Draft("evaluation", {"i": 1}, "2026-11-23T21:43:00Z"), GENESIS).hash
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    try:
        while True:
            head = ledger.append(Draft("evaluation", {"x": "x" * 5000}, "2026-11-23T21:43:00Z"), head).hash
    except errors.LedgerUnwritable:
        assert ledger.head() == head
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(ledger.append(Draft("evaluation", {"i": 1}, "2026-11-23T21:43:00Z"), head).number)
    """
    tmp_path.chmod(0o777)
    imports = "import sys\nfrom pathlib import Path\nfrom proctor import errors\nfrom proctor.ledger import *\n"
    done = subprocess.run(
        [sys.executable, "-c", imports + textwrap.dedent(script), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    assert len(reopened(tmp_path / "ledger.db").read()) == int(done.stdout) > 2


def test_create__never_replaces_a_ledger_that_came_first(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of two that create at once, one ledger stays; also on a file system without hard links."""
    before = path.read_bytes()
    new = tmp_path / "new"
    new.write_bytes(b"other")

    _put_in_place(new, path)
    assert path.read_bytes() == before

    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(95, "not supported")))
    _put_in_place(new, path)
    assert path.read_bytes() == before
    _put_in_place(new, tmp_path / "third")
    assert (tmp_path / "third").read_bytes() == b"other"
