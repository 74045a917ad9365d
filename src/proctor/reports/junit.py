"""
A verdict as JUnit XML, which nearly every CI system shows: one test case, passed, failed, skipped or in error.

A withheld outcome is a skipped test, and so is a candidate that is not judged. A missing verdict (`Problem`) is an
error, never a failure.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET  # we only write here

from proctor.release import Release, Verdict
from proctor.reports import sentences
from proctor.reports.comment import Problem


def render(release: Release) -> str:
    """The release as a document with one test case for each condition; one that only informs never fails."""
    states = [_state(each.release, each.enforce) for each in release.answers] or [_state(release)]
    tests, failures, skipped = len(states), states.count("failure"), states.count("skipped")
    suite = _suite(release.gate, tests=tests, failures=failures, skipped=skipped, at=release.at)
    properties = ET.SubElement(suite, "properties")
    for name, value in _facts(release).items():
        ET.SubElement(properties, "property", name=name, value=_text(value))
    if not release.answers:
        _add_result(_case(suite, release.gate, release.condition), states[0], release)
    for answer, state in zip(release.answers, states if release.answers else (), strict=True):
        case = _case(suite, release.gate, f"{answer.name}: {answer.condition}")
        _add_result(case, state, answer.release, answer.in_words)
    ET.SubElement(suite, "system-out").text = _text(_report(release))
    ET.SubElement(suite, "system-err")
    return _document(suite)


def _state(release: Release | None, is_enforced: bool = True) -> str:
    """Name of the element that says how a test went; empty for a pass."""
    if release is None or release.verdict is Verdict.WITHHELD:
        return "skipped"
    if release.verdict is Verdict.PASS:
        return ""
    return "failure" if is_enforced else "skipped"


def _add_result(case: ET.Element, state: str, release: Release | None, words: str = "") -> None:
    message = _text(words if release is None or (words and state == "skipped") else release.meaning)
    if state == "failure" and release is not None:
        ET.SubElement(case, "failure", type="fail", message=message).text = _text(_report(release))
    elif state:
        ET.SubElement(case, state, message=message)


def render_unchanged(gate: str, at: str) -> str:
    """A document for a candidate that there is nothing to ask about: a skipped test; *at* as for a problem."""
    return _alone(gate, at, ET.Element("skipped", message=sentences.UNCHANGED), skipped=1)


def render_problem(problem: Problem, at: str) -> str:
    """A document for a run without a verdict; *at* is the time of it, ISO 8601."""
    error = ET.Element("error", type=f"exit code {problem.exit_code}", message=_text(problem.message))
    error.text = _text(f"{problem.message}\n{problem.hint}")
    return _alone(problem.gate, at, error, errors=1)


def _alone(gate: str, at: str, result: ET.Element, **counts: int) -> str:
    """A document with one test case, without a verdict."""
    suite = _suite(gate, at, **counts)
    ET.SubElement(suite, "properties")
    _case(suite, gate, "verdict").append(result)
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    return _document(suite)


def _suite(gate: str, at: str, *, tests: int = 1, failures: int = 0, errors: int = 0, skipped: int = 0) -> ET.Element:
    moment = datetime.fromisoformat(at)
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return ET.Element(
        "testsuite",
        name=_text(f"proctor {gate}"),
        tests=str(tests),
        failures=str(failures),
        errors=str(errors),
        skipped=str(skipped),
        time="0",
        # The schema wants a time without a zone.
        timestamp=utc.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
        id="0",
        package="proctor",
    )


def _case(suite: ET.Element, gate: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=_text(f"proctor.{gate}"), name=_text(name), time="0")


def _facts(release: Release) -> dict[str, str]:
    return {
        "verdict": release.verdict,
        "basis": release.basis,
        "reliability": repr(release.testset.reliability),
        "mode": release.testset.mode,
        "inputs": release.testset.inputs,
        "testset": release.testset.fingerprint,
        "step": str(release.step),
        "leakage_bits": f"{release.budget.leakage_bits:.6g}",
        "ledger_entry": str(release.entry),
        "ledger_head": release.ledger_head,
        "commit": release.commit or "",
        "version": release.version,
    }


def _report(release: Release) -> str:
    budget = release.budget
    lines = [
        f"{sentences.verdict_word(release.verdict)}: {release.meaning}",
        f"{sentences.assurance(release)} ({sentences.grade(release)})",
        f"{sentences.so_far(budget)}; {sentences.resolution(release)}",
        f"{budget.leakage_bits:.1f} bits leaked; {sentences.forecast(release)}",
        *(f"{each.name}: {each.in_words}" for each in release.answers),
        *release.notes,
        sentences.advice(release),
    ]
    return "\n".join(lines)


def _document(suite: ET.Element) -> str:
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _text(text: str) -> str:
    """*text* without the characters that no XML document may hold."""
    return "".join(c if c in "\t\n\r" or (c >= "\x20" and not _is_forbidden(c)) else "�" for c in text)


def _is_forbidden(c: str) -> bool:
    return "\ud800" <= c <= "\udfff" or c in "￾￿"
