"""A release or a status for people, in a terminal or a CI log: the verdict first, then the books."""

from __future__ import annotations

import textwrap

import click

from proctor.models import uris
from proctor.release import HistoryRow, Release, Status, Verdict
from proctor.reports import sentences
from proctor.text import printable

_COLORS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.WITHHELD: "yellow"}
_HISTORY_ROWS = 12
_LABEL = 10


def render_release(release: Release, width: int | None = None) -> str:
    """
    The report of `proctor check`; carries ANSI colors, which click strips where the output is no terminal.

    Args:
        release: What is shown.
        width: Columns after which a sentence is continued on the next line; ``None`` for no end.
    """
    word = sentences.verdict_word(release.verdict)
    indent = len(word) + 5
    said = [release.meaning, sentences.assurance(release), f"({sentences.grade(release)})"]
    if release.replayed:
        said.append("asked before: this is the recorded answer, at no cost")
    said += release.notes
    if release.feedback is not None:
        said.append(f"feedback at its price: {release.feedback}")
    meaning, *rest = (_hanging(text, indent, width) for text in said)
    longest = max((len(each.name) for each in release.answers), default=0)
    answers = [f"{'':{indent}}{each.name:<{longest}}  {each.in_words}" for each in release.answers]
    if answers:
        answers.insert(0, "")
    lead = f"  {click.style(word, fg=_COLORS[release.verdict], bold=True)}   {meaning}"
    return "\n".join(["", lead, *(" " * indent + text for text in rest), *answers, "", *_books(release, width), ""])


def render_status(status: Status, width: int | None = None) -> str:
    """The report of `proctor status`; *width* as in `render_release`."""
    lines = ["", f"  {click.style(status.condition, bold=True)}", "", *_books(status, width)]
    lines += [f"  {_hanging(note, 2, width)}" for note in status.notes]
    if status.history:
        lines += ["", *_history(status.history)]
    return "\n".join([*lines, ""])


def _books(public: Release | Status, width: int | None) -> list[str]:
    budget = public.budget
    used = [sentences.so_far(budget), sentences.promised(budget), sentences.resolution(public)]
    leakage = "   ".join(filter(None, [_bits(budget.leakage_bits), sentences.bar(budget)]))
    rows = [("test set", "; ".join(filter(None, used))), ("leakage", f"{leakage}  {sentences.forecast(public)}")]
    if isinstance(public, Release):
        models = public.candidate, public.baseline
        if any(map(uris.is_uri, models)):
            rows.append(("models", " against ".join(filter(None, map(printable, models)))))
        if public.sandbox is not None:
            rows.append(("sandbox", public.sandbox))
        rows.append(("ledger", f"entry {public.entry}, head {public.ledger_head[:8]}"))
    else:
        rows.append(("exam", sentences.state(public)))
        rows.append(("ledger", f"head {public.ledger_head[:8]}"))
    return [
        f"  {click.style(f'{name:<{_LABEL}}', dim=True)} {_hanging(text, _LABEL + 3, width)}" for name, text in rows
    ]


def _hanging(text: str, indent: int, width: int | None) -> str:
    """*text* from column *indent* on, continued there in further lines where it is longer than the terminal is wide."""
    room = max(width - indent, 20) if width is not None else len(text) or 1
    return f"\n{' ' * indent}".join(textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False))


def _bits(bits: float) -> str:
    return f"{bits:.1f} bits"


def _history(rows: tuple[HistoryRow, ...]) -> list[str]:
    """The last verdicts; with their stakes, where there are any, and conditions, where these have changed."""
    shown = rows[-_HISTORY_ROWS:]
    earlier = len(rows) - len(shown)
    lines = [f"  … {sentences.count(earlier, 'earlier verdicts')}"] if earlier else []
    has_stakes = any(row.stake is not None for row in shown)
    has_changed = len({row.condition for row in rows}) > 1
    for row in shown:
        word = click.style(f"{sentences.verdict_word(row.verdict):<8}", fg=_COLORS[row.verdict])
        step = f"{row.step:>3}" if row.step else "  –"
        who = f"{_plain((row.commit or '')[:8], 8)}  {_plain(row.actor or '', 12)}"
        stake = f"  {sentences.staked(row.stake):<13}" if has_stakes else ""
        condition = f"  {row.condition}" if has_changed else ""
        at = row.at[:16].replace("T", " ")
        lines.append(f"  {step}  {word} {at}  {who}  {_bits(row.leakage_bits):>9}{stake}{condition}".rstrip())
    return lines


def _plain(text: str, width: int) -> str:
    """Other people's text, cut and filled up to *width*; a terminal must not obey it."""
    cut = text if len(text) <= width else f"{text[: width - 1]}…"
    return printable(cut).ljust(width)
