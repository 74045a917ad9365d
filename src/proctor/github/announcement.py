"""
Announcing a verdict, or the lack of one, on GitHub: pure, from a `Release` or a `Problem` to effects.

Comment, status, check run, annotation, summary and outputs all say the same, because they are made here together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote

from proctor.errors import FRESH_TEST_SET, LABELS_MISSING, PASSED
from proctor.github.effects import (
    Annotation,
    CheckRun,
    CloseIssues,
    Comment,
    Conclusion,
    Effect,
    OpenIssue,
    Output,
    Rewrite,
    State,
    Status,
    Summary,
)
from proctor.github.event import Facts
from proctor.release import Release, Verdict
from proctor.reports import comment, sentences
from proctor.reports.comment import Links, Problem
from proctor.reports.sarif import Location

_STATES: dict[Verdict, tuple[State, Conclusion]] = {
    Verdict.PASS: ("success", "success"),
    Verdict.FAIL: ("failure", "failure"),
    Verdict.WITHHELD: ("success", "neutral"),
}


class Place(NamedTuple):
    """
    Place in which a verdict is announced.

    Attributes:
        facts: The event.
        location: The condition in the gate file.
        links: Addresses for the comment.
        pull_request: Where the comment goes; verified by whoever took it from an artifact.
    """

    facts: Facts
    location: Location
    links: Links
    pull_request: int | None = None


def announce(release: Release, place: Place) -> tuple[Effect, ...]:
    """All effects of a verdict."""
    body = comment.render(release, place.links)
    state, conclusion = _STATES[release.verdict]
    word = sentences.verdict_word(release.verdict)
    notes = _notes(release, place, word)
    return (
        *_outputs(release),
        *notes,
        *_everywhere(place, release.gate, body),
        *_on_commit(place, release.gate, state, f"{word}: {release.meaning}"),
        *_check(place, release.gate, conclusion, (f"{word}: {release.meaning}", body, notes)),
    )


def announce_problem(problem: Problem, place: Place) -> tuple[Effect, ...]:
    """All effects of the lack of a verdict."""
    body = comment.render_problem(problem, place.links)
    needs_owner = problem.exit_code in {FRESH_TEST_SET, LABELS_MISSING}
    level = Annotation("error", "proctor: no verdict", problem.text, place.location.file, place.location.line)
    conclusion: Conclusion = "action_required" if needs_owner else "failure"
    return (
        Output("verdict", "none"),
        Output("exit-code", str(problem.exit_code)),
        Output("fresh-test-set-needed", _said(problem.exit_code == FRESH_TEST_SET)),
        level,
        *_everywhere(place, problem.gate, body),
        *_on_commit(place, problem.gate, "error", problem.text),
        *_check(place, problem.gate, conclusion, (f"No verdict: {problem.message}", body, (level,))),
    )


def announce_unchanged(gate: str, place: Place) -> tuple[Effect, ...]:
    """All effects of a commit that leaves the model alone; a comment that is there already is rewritten."""
    body = comment.render_unchanged(gate, place.links)
    text = "Nothing to judge: the model has not changed"
    return (
        Output("verdict", "none"),
        Output("exit-code", str(PASSED)),
        Output("fresh-test-set-needed", _said(False)),
        *(() if place.pull_request is None else (Rewrite(gate, place.pull_request, body),)),
        Summary(body),
        *_on_commit(place, gate, "success", text),
        *_check(place, gate, "neutral", (text, body, ())),
    )


def need_test_set(fingerprint: str, title: str, body: str) -> OpenIssue:
    """Ask for the successor of a test set, in one issue."""
    return OpenIssue(issue_marker(fingerprint), title, body)


def have_successors(fingerprints: Iterable[str]) -> CloseIssues:
    """Close the issues that asked for successors of test sets, now that those are registered."""
    return CloseIssues(tuple(issue_marker(fingerprint) for fingerprint in fingerprints))


def issue_marker(fingerprint: str) -> str:
    """The hidden first line of the issue about a test set."""
    return f"<!-- proctor:testset={quote(fingerprint, safe='').replace('-', '%2D')} -->"


def _outputs(release: Release) -> tuple[Output, ...]:
    budget = release.budget
    return (
        Output("verdict", release.verdict.value),
        Output("exit-code", str(release.exit_code)),
        Output("meaning", release.meaning),
        Output("replayed", _said(release.replayed)),
        Output("ledger-head", release.ledger_head),
        Output("leakage-bits", f"{budget.leakage_bits:.6g}"),
        Output("fresh-test-set-needed", _said(budget.is_over)),
    )


def _said(is_so: bool) -> str:
    return "true" if is_so else "false"


def _notes(release: Release, place: Place, word: str) -> tuple[Annotation, ...]:
    """A fail stands on the condition's line; so does a warning that the next question needs a fresh test set."""
    file, line = place.location.file, place.location.line
    notes = []
    if release.verdict is Verdict.FAIL:
        text = f"{release.meaning}. {sentences.advice(release)}"
        notes.append(Annotation("error", f"proctor: {word}", text, file, line))
    if release.budget.is_over:
        text = f"{sentences.capitalized(sentences.forecast(release))}. `proctor testset renew` registers it."
        notes.append(Annotation("warning", "proctor: a fresh test set is needed", text, file, line))
    return tuple(notes)


def _everywhere(place: Place, gate: str, body: str) -> tuple[Effect, ...]:
    summary = Summary(body)
    return (summary,) if place.pull_request is None else (Comment(gate, place.pull_request, body), summary)


def _on_commit(place: Place, gate: str, state: State, text: str) -> tuple[Effect, ...]:
    facts = place.facts
    return (Status(facts.sha, state, f"proctor / {gate}", text, facts.run_url),) if facts.sha else ()


def _check(
    place: Place, gate: str, conclusion: Conclusion, content: tuple[str, str, tuple[Annotation, ...]]
) -> tuple[Effect, ...]:
    if not place.facts.sha:
        return ()
    title, summary, notes = content
    run = CheckRun(
        sha=place.facts.sha,
        name=f"proctor / {gate}",
        conclusion=conclusion,
        title=title,
        summary=summary,
        annotations=notes,
    )
    return (run,)
