"""A release or a status as Markdown, for job summaries and files."""

from __future__ import annotations

import re

from proctor.release import Release, Status, Verdict
from proctor.reports import sentences

SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.WITHHELD: "🔒"}


def render_release(release: Release) -> str:
    """The verdict as a heading, its meaning, and the books as a table."""
    word, meaning = sentences.verdict_word(release.verdict), escape(sentences.capitalized(release.meaning))
    lines = [
        f"### {SIGNS[release.verdict]} {word}: {meaning}",
        "",
        f"{sentences.capitalized(sentences.assurance(release))} ({sentences.grade(release)})",
        "",
        f"Condition: {code(release.condition)}",
        "",
    ]
    if release.answers:
        lines += [*(f"- {code(each.name)}: {escape(each.in_words)}" for each in release.answers), ""]
    if release.replayed:
        lines += ["Asked before: this is the recorded answer, at no cost.", ""]
    lines += [f"{escape(note)}\n" for note in release.notes]
    if release.feedback is not None:
        lines += [f"Feedback at its price: {escape(release.feedback)}", ""]
    rows = _rows(release)
    rows.append(("ledger", f"entry {release.entry}, head `{release.ledger_head[:16]}`"))
    return "\n".join([*lines, *table(rows), ""])


def render_status(status: Status) -> str:
    """The state of the account as a table."""
    rows = [("condition", code(status.condition)), ("exam", sentences.state(status)), *_rows(status)]
    rows.append(("ledger", f"head `{status.ledger_head[:16]}`"))
    return "\n".join([*table(rows), *(f"\n{escape(note)}" for note in status.notes), ""])


def _rows(public: Release | Status) -> list[tuple[str, str]]:
    budget = public.budget
    used = "; ".join(filter(None, [sentences.so_far(budget), sentences.promised(budget), sentences.resolution(public)]))
    leakage = f"{budget.leakage_bits:.1f} bits {sentences.bar(budget)} {sentences.forecast(public)}"
    return [("test set", used), ("leakage", leakage)]


def table(rows: list[tuple[str, str]]) -> list[str]:
    """Lines of a table of names and texts."""
    first, *others = [f"| **{name}** | {text} |" for name, text in rows]
    return [first, "|:--|:--|", *others]


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it stands: mentions and addresses are no links."""
    return " ".join(_escaped(text).split())


def _escaped(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "\\`*_[]()#!|~":
        escaped = escaped.replace(sign, f"\\{sign}")
    escaped = escaped.replace("://", "\\://").replace("www.", "www\\.")
    return escaped.replace("@", "@\u200b")


def prose(text: str) -> str:
    """
    A sentence of ours, which may quote anybody: what stands between backticks is code, all else stands as it is.

    >>> prose("See `proctor plan` (*)")
    'See `proctor plan` \\\\(\\\\*\\\\)'
    """
    parts = re.split(r"`([^`]+)`", text)
    shown = [code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts)]
    return " ".join("".join(shown).split())


def code(text: str) -> str:
    """Text as inline code that no content can break out of."""
    flat = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in flat).split()), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"
