"""
``proctor ledger``: looks at the books, and moves them from one place to another.

Options and one call each; what a ledger is stands in `proctor.ledger`. Everything in it may be seen by anybody.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from proctor.cli.gathering import gathered
from proctor.cli.printing import confirm, json_text
from proctor.environment import with_keys
from proctor.errors import PASSED, UNUSABLE
from proctor.text import printable

if TYPE_CHECKING:
    from proctor.ledger import Entry, Ledger

_IMPORT_HINT = "Import what `proctor ledger export --format jsonl` wrote; CSV is for spreadsheets alone."
_ROUNDED = (
    "On sealed inputs an evaluation's time is rounded down to the minute: seconds could tell how long a model took."
)
_COLUMNS: dict[str, tuple[str, Callable[[Entry], str]]] = {
    "entry": (">6", lambda entry: str(entry.number)),
    "time (UTC)": ("<20", lambda entry: entry.at[:19].replace("T", " ")),
    "what": ("<14", lambda entry: entry.kind),
    "outcome": ("<8", lambda entry: _text(entry.body, "outcome")),
    "commit": ("<8", lambda entry: _text(entry.body, "candidate", "commit")[:8]),
    "gate": ("<12", lambda entry: _text(entry.body, "origin", "gate")[:12]),
    "by": ("<12", lambda entry: _text(entry.body, "origin", "actor")[:12]),
    "hash": ("<12", lambda entry: entry.hash[:12]),
    "stake": ("<6", lambda entry: _stake(entry.body)),
    "condition": ("<", lambda entry: _text(entry.body, "condition")),
}
"""Columns of the table of entries: alignment and width, and the text of a cell."""
_CSV_COLUMNS = ("number", "at", "kind", "hash", "previous", "mac", "format", "body")

Command = Callable[..., int | None]


class _Books(NamedTuple):
    """A ledger, as options say which one is meant, and with which key."""

    gate: Path
    location: str | None
    key_file: Path | None

    def open(self) -> Ledger:
        """Open it."""
        from proctor.ledger import open_ledger

        if self.location is not None:
            return open_ledger(self.location, Path(), self.key())
        from proctor import gatefile

        declared = gatefile.load(self.gate)
        return open_ledger(declared.ledger, declared.root, self.key())

    def key(self) -> bytes | None:
        """The owner's key; ``None`` if there is none."""
        from proctor.errors import KeyFault
        from proctor.ledger import derive_key

        if self.key_file is None:
            secret = with_keys().get("PROCTOR_KEY", "").encode()
            return derive_key(secret) if secret.strip() else None
        try:
            secret = self.key_file.read_bytes()
        except OSError as error:
            raise KeyFault(f"the key file {self.key_file} cannot be read: {error.strerror}") from None
        if not secret.strip():
            raise KeyFault(f"the key file {self.key_file} is empty")
        return derive_key(secret)

    def lost(self, entries: Sequence[Entry]) -> tuple[str, ...]:
        """Sentences on entries that marks know and the books lack; nothing where no gate file says where they are."""
        from proctor import gatefile
        from proctor.errors import ProctorError
        from proctor.gate.marks import Marks
        from proctor.gate.owner_key import pair_of
        from proctor.runtime import Runtime

        try:
            declared = gatefile.load(self.gate)
            pair = pair_of(declared.resolve(declared.testset.labels))
        except ProctorError:
            if self.location is None:
                raise
            return ()
        if self.location is not None:
            declared = replace(declared, ledger=self.location)
        return Marks(declared, Runtime(), self.key(), pair).findings(entries)


def _located(command: Command) -> Command:
    """The options that say which ledger is meant, which a command takes together as ``books``."""
    command = gathered(_Books, "books", *_Books._fields)(command)
    for option in (
        click.option(
            "--key-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="File of the owner's key; without it the variable PROCTOR_KEY, if set.",
        ),
        click.option(
            "--ledger",
            "location",
            metavar="LEDGER",
            help="A path, postgresql://… or git:REMOTE/BRANCH; else the gate's.",
        ),
        click.option(
            "--gate",
            type=click.Path(path_type=Path),
            default=Path("proctor.yml"),
            show_default=True,
            help="Gate file that names the ledger.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def ledger() -> None:
    """
    Show, verify, export and import the ledger.

    \b
    Examples:
      proctor ledger show
      proctor ledger verify --head 7f3a9c21
      proctor ledger export --format csv books.csv
      proctor ledger import books.jsonl --ledger git:origin/proctor-ledger
    """  # click's own mark for lines that are not to be wrapped


@ledger.command()
@_located
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N entries.")
@click.option("--json", "as_json", is_flag=True, help="Print the entries as JSON.")
def show(books: _Books, last: int | None, as_json: bool) -> None:
    """
    List the entries, after checking their chain.

    \b
    Examples:
      proctor ledger show --last 5
      proctor ledger show --json --ledger git:origin/proctor-ledger
    """  # click's own mark for lines that are not to be wrapped
    with books.open() as opened:
        entries = opened.read()
        shown = entries[-last:] if last else entries
        if as_json:
            head = entries[-1].hash if entries else None
            click.echo(json_text({"head": head, "entries": [json.loads(entry.to_line()) for entry in shown]}))
            return
        for line in _table(shown) if shown else (f"{opened.description} has no entries yet",):
            click.echo(line)
        if any(entry.body.get("inputs") == "sealed" for entry in entries):
            click.echo(_ROUNDED)


@ledger.command(short_help="Find entries that somebody tampered with.")
@_located
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="HASH",
    help="A head that was published with a verdict (8 digits or more, or NUMBER:HASH); may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def verify(books: _Books, heads: tuple[str, ...], as_json: bool) -> int:
    """
    Find edited, removed, reordered, duplicated, forked and forged entries, and say which.

    A lost end shows against a head that was published (give one with --head) and against the marks that
    checks leave: in .proctor/owner, in the user's state folder and, with the owner's key, in refs of the repository.
    Whoever can write to all of these can cut the end off, too; only a mark with the owner's key cannot be forged.
    Exit code 0 if nothing is wrong, else 5.

    \b
    Examples:
      proctor ledger verify
      proctor ledger verify --head 7f3a9c21 --key-file owner.key
    """  # click's own mark for lines that are not to be wrapped
    with books.open() as opened:
        entries, findings = opened.examine(known_heads=heads)
        lost = books.lost(entries)
        if not findings and not lost:
            _refuse_nothing(entries, opened)
        sentences = [*(finding.sentence for finding in findings), *lost]
        head = entries[-1].hash if entries else None
        if as_json:
            kinds = [{"kind": f.fault, "sentence": f.sentence} for f in findings]
            kinds += [{"kind": "CutBack", "sentence": sentence} for sentence in lost]
            content = {"verified": not sentences, "entries": len(entries), "head": head, "findings": kinds}
            click.echo(json_text(content))
        elif sentences:
            click.echo(f"{opened.description} does not verify:")
            for sentence in sentences:
                click.echo(f"  {sentence}")
        else:
            click.echo(f"{opened.description} verifies: {len(entries)} entries, head {head or 'none'}")
    return UNUSABLE if sentences else PASSED


@ledger.command(short_help="Write all entries as JSON Lines or CSV.")
@_located
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(books: _Books, form: str, file: IO[str]) -> None:
    """
    Write all entries to FILE, or to the standard output.

    JSON Lines can be imported again and hold everything that the hashes cover; CSV is for spreadsheets.

    \b
    Examples:
      proctor ledger export books.jsonl
      proctor ledger export --format csv | column -ts,
    """  # click's own mark for lines that are not to be wrapped
    with books.open() as opened:
        entries = opened.read()
        _refuse_nothing(entries, opened)
    if form == "jsonl":
        file.writelines(entry.to_line() + "\n" for entry in entries)
        return
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for e in entries:
        writer.writerow((e.number, e.at, e.kind, e.hash, e.previous, e.mac or "", e.format, e.text))


@ledger.command("import", short_help="Fill an empty ledger from JSON Lines.")
@_located
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_(books: _Books, file: Path) -> None:
    """
    Fill an empty ledger with the entries of FILE (JSON Lines), after checking their chain.

    With a key, the entries are signed on the way. Nothing else about them changes: the heads stay the same.

    \b
    Examples:
      proctor ledger import books.jsonl --ledger postgresql://exam@db/books
    """  # click's own mark for lines that are not to be wrapped
    entries = _read_lines(file)
    with books.open() as opened:
        opened.adopt(entries)
        click.echo(f"{len(entries)} entries are now in {opened.description}")


@ledger.command("accept-loss", short_help="Go on with a ledger that has lost entries.")
@click.argument("file", default=".", type=click.Path())
@click.option("--reason", default="no reason given", show_default=True, help="Why; everybody can read it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def accept_loss(file: str, reason: str, yes: bool, as_json: bool) -> None:
    """
    Go on with what is left of the ledger, for the owner of the test set.

    The marks beside the ledger say how far it went. What was spent in the lost entries is not counted any more: the
    promise of the test set holds only for what the books know. The acceptance is an entry that every history shows.

    \b
    Examples:
      proctor ledger accept-loss --reason "the disk died on Monday"
    """  # click's own mark for lines that are not to be wrapped
    from proctor.custody import losses
    from proctor.gate.session import Session, Stance
    from proctor.loading import load_gate
    from proctor.runtime import Runtime

    opened = Session(gate=load_gate(file), runtime=Runtime(), stance=Stance.OWNER, takes_any_books=True)
    session = click.get_current_context().with_resource(opened)
    found = losses.loss(session)
    if found is not None:
        if not yes:
            asked = f"Entries up to number {found.mark.number:,} are lost, {found.left:,} are left. Go on with these?"
            confirm(asked, f"{asked} Nobody is there to answer; say --yes")
        found = losses.accept_loss(session, reason)
    if as_json:
        content = None if found is None else {"lost": found.mark.number, "left": found.left, "entry": found.entry}
        click.echo(json.dumps(content))
    elif found is None:
        click.echo("nothing is lost: the ledger goes as far as it was known to go")
    else:
        where = "in the owner's record alone: no books are left" if found.entry is None else f"in entry {found.entry}"
        click.echo(f"the loss of entries up to number {found.mark.number:,} is accepted, {where}")


def _refuse_nothing(entries: Sequence[Entry], books: Ledger) -> None:
    """Refuse a ledger without entries: a misspelled address must not pass for a ledger that is in order."""
    from proctor.errors import LedgerError

    if not entries:
        raise LedgerError(
            f"there is no ledger there: {books.description} has no entries",
            hint="Check the address; the first registration or check of a gate makes a ledger.",
        )


def _read_lines(file: Path) -> list[Entry]:
    from proctor.errors import DataError, LedgerCorrupt
    from proctor.ledger.entries import from_line

    entries = []
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    entries.append(from_line(line.rstrip("\r\n")))
                except LedgerCorrupt as error:
                    raise LedgerCorrupt(f"{file}:{number}: {error.message}", hint=_IMPORT_HINT) from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{file} is not UTF-8", hint=_IMPORT_HINT) from None
    if not entries:
        raise DataError(f"{file} is empty", hint=_IMPORT_HINT)
    return entries


def _table(entries: Sequence[Entry]) -> Iterable[str]:
    """A head and one line for each entry; with the stakes if anything was staked."""
    has_stakes = any(_stake(entry.body) for entry in entries)
    shown = {name: column for name, column in _COLUMNS.items() if name != "stake" or has_stakes}
    yield "  ".join(f"{name:{form}}" for name, (form, _) in shown.items())
    for entry in entries:
        yield "  ".join(f"{cell(entry):{form}}" for form, cell in shown.values()).rstrip()


def _stake(body: Mapping[str, Any]) -> str:
    """The share that was staked on an evaluation, or nothing."""
    from proctor.budget import STAKE_UNITS

    units = body.get("stake")
    return f"{units / STAKE_UNITS:.3g}" if isinstance(units, int) else ""


def _text(body: object, *names: str) -> str:
    """A string deep in a body, or nothing: kinds differ in what they hold."""
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    # Gate names and commits are other people's text; a terminal must not obey it.
    return printable(body) if isinstance(body, str) else ""
