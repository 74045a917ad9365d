"""Tests of `proctor ledger`, as a person would call it."""

import csv
import io
import json
from pathlib import Path

import pytest

from proctor import cli
from proctor.ledger import derive_key, open_ledger

from .places import AT, Draft, chain_of


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ledger of five entries, and the folder it lies in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROCTOR_KEY", raising=False)
    with open_ledger("books.db", tmp_path) as ledger:
        ledger.adopt(chain_of(4))
        body = {"outcome": "pass", "candidate": {"commit": "c0ffee1234"}, "origin": {"gate": "a\x1b[31mb"}}
        ledger.append(Draft("evaluation", body, AT), ledger.head())
    return "books.db"


@pytest.fixture
def proctor(capsys: pytest.CaptureFixture[str]):
    """A call of the command line: exit code, output, complaints."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(["ledger", *arguments])
        return (code, *capsys.readouterr())

    return call


def test_show__as_table(books: str, proctor):
    """The table names what was decided; what others put into names cannot command the terminal."""
    code, out, _ = proctor("show", "--ledger", books, "--last", "2")

    lines = out.splitlines()
    assert code == 0
    assert len(lines) == 3
    assert "5  2026-11-23 21:43:00" in lines[2]
    assert "pass" in lines[2]
    assert "c0ffee12" in lines[2]
    assert "\x1b" not in out


def test_show__as_json(books: str, proctor):
    """The JSON has the head and the entries with everything that is in them."""
    _, out, _ = proctor("show", "--ledger", books, "--json", "--last", "1")

    content = json.loads(out)
    assert [entry["number"] for entry in content["entries"]] == [5]
    assert content["head"] == content["entries"][0]["hash"]
    assert content["entries"][0]["body"]["outcome"] == "pass"


def test_show__of_nothing(books: str, proctor):
    """A ledger that does not exist has no entries, and is not made by looking."""
    assert proctor("show", "--ledger", "none.db")[:2] == (0, "the ledger none.db has no entries yet\n")
    assert not Path("none.db").exists()


@pytest.mark.parametrize("command", ["verify", "export"])
def test_ledger__that_is_not_there(books: str, proctor, command: str):
    """A misspelled address is not taken for a ledger in order, or for one to be kept a copy of: exit code 5."""
    code, out, err = proctor(command, "--ledger", "boks.db")

    assert (5, "") == (code, out)
    assert "there is no ledger there: the ledger boks.db has no entries" in err
    assert not Path("boks.db").exists()


def test_verify__good(books: str, proctor):
    """A ledger that verifies says so, with its head."""
    head = json.loads(proctor("show", "--ledger", books, "--json")[1])["head"]

    code, out, _ = proctor("verify", "--ledger", books, "--head", head[:8], "--head", f"5:{head}")

    assert code == 0
    assert out == f"the ledger books.db verifies: 5 entries, head {head}\n"


def test_verify__with_a_head_that_is_gone(books: str, proctor):
    """A published head that is not in the ledger is a finding, exit code 5."""
    code, out, _ = proctor("verify", "--ledger", books, "--head", "7f3a9c21")
    assert code == 5
    assert "7f3a9c21 is not among the 5 entries" in out

    code, out, _ = proctor("verify", "--ledger", books, "--head", "7f3a9c21", "--json")
    assert code == 5
    assert json.loads(out)["verified"] is False
    assert [finding["kind"] for finding in json.loads(out)["findings"]] == ["Truncated"]


def test_verify__with_rubbish_for_a_head(books: str, proctor):
    """A head that is none is a misuse."""
    code, _, err = proctor("verify", "--ledger", books, "--head", "head")

    assert code == 2
    assert "'head' is not a published head" in err


def test_export_and_import__keep_the_head(books: str, proctor):
    """JSON Lines move a ledger to another place, where its heads are the same."""
    assert proctor("export", "--ledger", books, "books.jsonl")[0] == 0
    code, out, _ = proctor("import", "--ledger", "copy/copy.db", "books.jsonl")

    assert code == 0
    assert out == "5 entries are now in the ledger copy/copy.db\n"
    assert proctor("export", "--ledger", "copy/copy.db")[1] == Path("books.jsonl").read_text()
    assert proctor("import", "--ledger", books, "books.jsonl")[0] == 2


def test_import__signs(books: str, proctor, monkeypatch: pytest.MonkeyPatch):
    """With a key, import signs a ledger that was begun without one; the key may come from file or environment."""
    Path("owner.key").write_text("secret\n")
    proctor("export", "--ledger", books, "books.jsonl")
    assert proctor("verify", "--ledger", books, "--key-file", "owner.key")[0] == 5

    assert proctor("import", "--ledger", "signed.db", "--key-file", "owner.key", "books.jsonl")[0] == 0

    monkeypatch.setenv("PROCTOR_KEY", "secret")
    assert proctor("verify", "--ledger", "signed.db")[0] == 0
    assert open_ledger("signed.db", Path(), derive_key(b"secret")).head() == open_ledger(books, Path()).head()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"hello\n", "books.jsonl:1"),
        (b"\xff\n", "not UTF-8"),
        (b"{}\n", "books.jsonl:1"),
        (b"number,at,kind\n", "books.jsonl:1: not a ledger entry: the line is not JSON\n  Import what"),
        (b"", "books.jsonl is empty"),
    ],
    ids=["text", "latin", "object", "csv", "nothing"],
)
def test_import__of_something_else(books: str, proctor, content: bytes, problem: str):
    """What is not an exported ledger is refused with its line, exit code 5, and nothing is created."""
    Path("books.jsonl").write_bytes(content)

    code, _, err = proctor("import", "--ledger", "new.db", "books.jsonl")

    assert code == 5
    assert problem in err
    assert not Path("new.db").exists()


def test_import__of_a_broken_chain(books: str, proctor):
    """An export that was edited does not come in."""
    proctor("export", "--ledger", books, "books.jsonl")
    Path("books.jsonl").write_text(Path("books.jsonl").read_text().replace('"i":2', '"i":9'))

    code, _, err = proctor("import", "--ledger", "new.db", "books.jsonl")

    assert code == 5
    assert "entry 2 was edited" in err


def test_import__of_a_missing_file(books: str, proctor):
    """A file that is not there is named."""
    code, _, err = proctor("import", "--ledger", "new.db", "gone.jsonl")

    assert code == 5
    assert "gone.jsonl" in err


def test_export__as_csv(books: str, proctor):
    """CSV has one row an entry, the body as JSON."""
    _, out, _ = proctor("export", "--ledger", books, "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert json.loads(rows[4]["body"])["outcome"] == "pass"


def test_key__missing_or_empty(books: str, proctor):
    """A key file that is not there or is empty is a fault of the key, never no key."""
    Path("empty.key").write_text("\n")

    for name, problem in (("gone.key", "cannot be read"), ("empty.key", "is empty")):
        code, _, err = proctor("show", "--ledger", books, "--key-file", name)
        assert code == 5
        assert problem in err


@pytest.mark.parametrize("command", ["show", "verify", "export", "import"])
def test_help__has_examples(proctor, command: str):
    """Every command's help ends in examples that can be copied."""
    code, out, _ = proctor(command, "--help")

    assert code == 0
    assert f"\n    proctor ledger {command} " in out
    assert "\\b" not in out
