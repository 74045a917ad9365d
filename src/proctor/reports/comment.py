"""
The pull-request comment: one for each gate, led by the verdict, found again by a hidden marker.

Pure text from a `Release` (or a `Problem`, where there is no verdict); posting it is `proctor.github`'s part.
Whatever a person chose (names, branches, notes) appears as text only.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlsplit

from proctor.errors import BUG, FRESH_TEST_SET, LABELS_MISSING
from proctor.frozen import dataclass
from proctor.release import Release
from proctor.reports import sentences
from proctor.reports.markdown import SIGNS, code, escape, prose, table

LONGEST = 65_536
"""GitHub's limit, in characters."""
_LONGEST_TEXT = 1_500
_MOST_NOTES = 12


class Links(NamedTuple):
    """Addresses that the comment may point to; empty ones are left out."""

    run: str = ""
    store: str = ""
    badge: str = ""


@dataclass(frozen=True)
class Problem:
    """
    Reason for which there is no verdict; nothing was spent.

    Attributes:
        gate: Name of the gate.
        exit_code: 2 to 5 (design.md), or 70.
        message: What is wrong.
        hint: What to do next.
    """

    gate: str
    exit_code: int
    message: str
    hint: str = ""

    @property
    def text(self) -> str:
        """Message and hint as sentences."""
        return f"{sentences.capitalized(self.message.rstrip('.'))}. {self.hint}".rstrip()


def marker(gate: str) -> str:
    """The hidden first line that tells the comments of several gates apart; no name can break out of it."""
    return f"<!-- proctor:gate={quote(gate, safe='/.', errors='replace').replace('-', '%2D')} -->"


def carries(body: str, gate: str) -> bool:
    """True if *body* is a comment of this *gate*: the marker is its first line (a quotation of it is not)."""
    return body.replace("\r\n", "\n").split("\n", 1)[0].rstrip() == marker(gate)


def render(release: Release, links: Links | None = None) -> str:
    """The comment's Markdown, marker included, within GitHub's limit."""
    links = links or Links()
    paragraphs = [
        *([f"![proctor: {release.verdict}](<{links.badge}>)"] if _is_plain(links.badge) else []),
        f"{sentences.capitalized(sentences.assurance(release))} ({sentences.grade(release)})",
        "\n".join(_books(release)),
        f"**What to do next.** {sentences.advice(release)}",
        "\n".join(f"- {note}" for note in _notes(release)),
    ]
    return _comment(release.gate, headline(release), paragraphs, [*_facts(release), *_addresses(links)])


def render_problem(problem: Problem, links: Links | None = None) -> str:
    """The comment where there is no verdict: what is wrong, and what to do."""
    # Every named error comes before anything is charged; a bug of ours promises nothing.
    spent = "No verdict" if problem.exit_code == BUG else "Nothing was spent"
    next_step = f"**What to do next.** {sentence(problem.hint)}" if problem.hint else ""
    footer = [spent, *_addresses(links or Links())]
    return _comment(problem.gate, problem_headline(problem), [sentence(problem.message), next_step], footer)


def render_unchanged(gate: str, links: Links | None = None) -> str:
    """The comment where nothing is to be judged, because the model has not changed."""
    said = "The candidate is the model that it would be compared with."
    footer = ["Nothing was spent", *_addresses(links or Links())]
    return _comment(gate, "➖ Nothing to judge: the model has not changed", [said], footer)


def _comment(gate: str, headline: str, paragraphs: list[str], footer: list[str]) -> str:
    """A comment within GitHub's limit; empty paragraphs are left out."""
    shown = [line for each in paragraphs if each for line in (each, "")]
    whole = "\n".join([marker(gate), f"### {headline}", "", *shown, f"<sub>{' · '.join(footer)}</sub>", ""])
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 2] + " …"


def sentence(text: str) -> str:
    """A sentence of ours on one line of Markdown; what it quotes of others is shown as it stands."""
    return sentences.capitalized(prose(_cut(text)))


def headline(release: Release) -> str:
    """The verdict in one line of Markdown."""
    word = sentences.verdict_word(release.verdict)
    return f"{SIGNS[release.verdict]} {word}: {_text(release.meaning)}"


def problem_headline(problem: Problem) -> str:
    """One line of Markdown that says which kind of problem it is."""
    kinds = {
        FRESH_TEST_SET: "🧪 No verdict: a fresh test set is needed",
        LABELS_MISSING: "🏷️ No verdict: labels are missing",
    }
    return kinds.get(problem.exit_code, "⚠️ No verdict: the gate could not judge")


def _books(release: Release) -> list[str]:
    budget = release.budget
    promised = sentences.promised(budget)
    spent = budget.share_used
    gauge = "" if spent is None else f"`{sentences.bar(budget)}` {sentences.whole_percent(spent)} used · "
    rows = [
        ("Gate", code(_cut(release.gate))),
        ("Condition", code(_cut(release.condition))),
        ("Budget", f"{gauge}{budget.leakage_bits:.1f} bits · {sentences.forecast(release)}"),
        ("Used", "; ".join(filter(None, [sentences.so_far(budget), promised]))),
        ("Resolution", sentences.resolution(release)),
    ]
    rows[2:2] = [(code(each.name), _text(each.in_words)) for each in release.answers]
    if release.candidate:
        rows.insert(1, ("Candidate", code(_cut(release.candidate))))
    return table(rows)


def _notes(release: Release) -> list[str]:
    notes = ["Asked before: this is the recorded answer, at no cost."] if release.replayed else []
    notes += [sentence(note) for note in release.notes[:_MOST_NOTES]]
    if release.feedback is not None:
        notes.append(f"Feedback at its price: {_text(release.feedback)}")
    if len(release.notes) > _MOST_NOTES:
        notes.append(f"… and {len(release.notes) - _MOST_NOTES} more; see the report.")
    return notes


def _facts(release: Release) -> list[str]:
    facts = [f"commit {code(release.commit[:12])}"] if release.commit else []
    facts += [f"step {release.step}"] if release.step else []
    ledger = f"ledger entry {release.entry}, head {code(release.ledger_head[:12])}"
    return [*facts, ledger, f"proctor {escape(release.version)}"]


def _addresses(links: Links) -> list[str]:
    named = (("run", links.run), ("run store", links.store))
    return [f"[{name}](<{url}>)" for name, url in named if _is_plain(url)]


def _is_plain(url: str) -> bool:
    """True for a plain web address."""
    return urlsplit(url).scheme in {"http", "https"} and url.isascii() and not set(url) & set(" <>\"'\\\r\n\t")


def _text(text: str) -> str:
    return sentences.capitalized(escape(_cut(text)))


def _cut(text: str) -> str:
    visible = "".join(c if c.isprintable() or c.isspace() else "�" for c in text[:_LONGEST_TEXT])
    return visible if len(text) <= _LONGEST_TEXT else f"{visible} …"
