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
from typing import IO, TYPE_CHECKING, Any

import click

from proctor.cli.printing import confirm, json_text
from proctor.environment import with_keys
from proctor.text import printable

if TYPE_CHECKING:
    from proctor.ledger import Entry, Ledger

_IMPORT_HINT = "Import what `proctor ledger export --format jsonl` wrote; CSV is for spreadsheets alone."
_ROUNDED = (
    "On sealed inputs an evaluation's time is rounded down to the minute: seconds could tell how long a model took."
)
_CSV_COLUMNS = ("number", "at", "kind", "hash", "previous", "mac", "format", "body")

Command = Callable[..., None]


def _located(command: Command) -> Command:
    """The options that say which ledger is meant, and with which key."""
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
def show(gate: Path, location: str | None, key_file: Path | None, last: int | None, as_json: bool) -> None:
    """
    List the entries, after checking their chain.

    \b
    Examples:
      proctor ledger show --last 5
      proctor ledger show --json --ledger git:origin/proctor-ledger
    """  # click's own mark for lines that are not to be wrapped
    with _open(gate, location, key_file) as books:
        entries = books.read()
        shown = entries[-last:] if last else entries
        if as_json:
            head = entries[-1].hash if entries else None
            content = {"head": head, "entries": [_as_json(entry) for entry in shown]}
            click.echo(json_text(content))
            return
        for line in _table(shown, books.description):
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
@click.pass_context
def verify(
    context: click.Context,
    gate: Path,
    location: str | None,
    key_file: Path | None,
    heads: tuple[str, ...],
    as_json: bool,
) -> None:
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
    with _open(gate, location, key_file) as books:
        entries, findings = books.examine(known_heads=heads)
        lost = _lost(gate, location, _key(key_file), entries)
        if not findings and not lost:
            _refuse_nothing(entries, books)
        sentences = [*(finding.sentence for finding in findings), *lost]
        head = entries[-1].hash if entries else None
        if as_json:
            kinds = [{"kind": f.fault, "sentence": f.sentence} for f in findings]
            kinds += [{"kind": "CutBack", "sentence": sentence} for sentence in lost]
            content = {"verified": not sentences, "entries": len(entries), "head": head, "findings": kinds}
            click.echo(json_text(content))
        elif sentences:
            click.echo(f"{books.description} does not verify:")
            for sentence in sentences:
                click.echo(f"  {sentence}")
        else:
            click.echo(f"{books.description} verifies: {len(entries)} entries, head {head or 'none'}")
    context.exit(5 if sentences else 0)


@ledger.command(short_help="Write all entries as JSON Lines or CSV.")
@_located
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(gate: Path, location: str | None, key_file: Path | None, form: str, file: IO[str]) -> None:
    """
    Write all entries to FILE, or to the standard output.

    JSON Lines can be imported again and hold everything that the hashes cover; CSV is for spreadsheets.

    \b
    Examples:
      proctor ledger export books.jsonl
      proctor ledger export --format csv | column -ts,
    """  # click's own mark for lines that are not to be wrapped
    with _open(gate, location, key_file) as books:
        entries = books.read()
        _refuse_nothing(entries, books)
    _WRITERS[form](entries, file)


@ledger.command("import", short_help="Fill an empty ledger from JSON Lines.")
@_located
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_(gate: Path, location: str | None, key_file: Path | None, file: Path) -> None:
    """
    Fill an empty ledger with the entries of FILE (JSON Lines), after checking their chain.

    With a key, the entries are signed on the way. Nothing else about them changes: the heads stay the same.

    \b
    Examples:
      proctor ledger import books.jsonl --ledger postgresql://exam@db/books
    """  # click's own mark for lines that are not to be wrapped
    entries = _read_lines(file)
    with _open(gate, location, key_file) as books:
        books.adopt(entries)
        click.echo(f"{len(entries)} entries are now in {books.description}")


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


def _lost(gate: Path, location: str | None, key: bytes | None, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Sentences on entries that marks know and the books lack; nothing where no gate file says where they are."""
    from proctor import gatefile
    from proctor.errors import ProctorError
    from proctor.gate.marks import Marks
    from proctor.gate.owner_key import pair_of
    from proctor.runtime import Runtime

    try:
        declared = gatefile.load(gate)
        pair = pair_of(declared.resolve(declared.testset.labels))
    except ProctorError:
        if location is None:
            raise
        return ()
    if location is not None:
        declared = replace(declared, ledger=location)
    return Marks(declared, Runtime(), key, pair).findings(entries)


def _open(gate: Path, location: str | None, key_file: Path | None) -> Ledger:
    from proctor.ledger import open_ledger

    if location is not None:
        return open_ledger(location, Path(), _key(key_file))
    from proctor import gatefile

    declared = gatefile.load(gate)
    return open_ledger(declared.ledger, declared.root, _key(key_file))


def _refuse_nothing(entries: Sequence[Entry], books: Ledger) -> None:
    """Refuse a ledger without entries: a misspelled address must not pass for a ledger that is in order."""
    from proctor.errors import LedgerError

    if not entries:
        raise LedgerError(
            f"there is no ledger there: {books.description} has no entries",
            hint="Check the address; the first registration or check of a gate makes a ledger.",
        )


def _key(file: Path | None) -> bytes | None:
    from proctor.errors import KeyFault
    from proctor.ledger import derive_key

    if file is None:
        secret = with_keys().get("PROCTOR_KEY", "").encode()
    else:
        try:
            secret = file.read_bytes()
        except OSError as error:
            raise KeyFault(f"the key file {file} cannot be read: {error.strerror}") from None
        if not secret.strip():
            raise KeyFault(f"the key file {file} is empty")
    return derive_key(secret) if secret.strip() else None


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


def _as_json(entry: Entry) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(entry.to_line())
    return content


def _table(entries: Sequence[Entry], place: str) -> Iterable[str]:
    if not entries:
        yield f"{place} has no entries yet"
        return
    heads = ("time (UTC)", "what", "outcome", "commit", "gate", "by", "hash")
    widths = (20, 14, 8, 8, 12, 12, 12)
    stakes = [_stake(entry.body) for entry in entries]
    staked = [f"{'stake':<6}"] if any(stakes) else []
    named = [f"{head:<{width}}" for head, width in zip(heads, widths, strict=True)]
    yield "  ".join([f"{'entry':>6}", *named, *staked, "condition"])
    for entry, stake in zip(entries, stakes, strict=True):
        column = f"{stake:<6}  " if staked else ""
        yield (
            f"{entry.number:>6}  {entry.at[:19].replace('T', ' '):<20}  {entry.kind:<14}  "
            f"{_text(entry.body, 'outcome'):<8}  {_text(entry.body, 'candidate', 'commit')[:8]:<8}  "
            f"{_text(entry.body, 'origin', 'gate')[:12]:<12}  {_text(entry.body, 'origin', 'actor')[:12]:<12}  "
            f"{entry.hash[:12]}  {column}{_text(entry.body, 'condition')}".rstrip()
        )


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


def _write_jsonl(entries: Sequence[Entry], file: IO[str]) -> None:
    file.writelines(entry.to_line() + "\n" for entry in entries)


def _write_csv(entries: Sequence[Entry], file: IO[str]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for e in entries:
        writer.writerow((e.number, e.at, e.kind, e.hash, e.previous, e.mac or "", e.format, e.text))


_WRITERS = {"jsonl": _write_jsonl, "csv": _write_csv}
