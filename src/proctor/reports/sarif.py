"""
A verdict as SARIF 2.1.0, for code-scanning views: a fail is one result on the condition's line of the gate file.

A pass has no result, so that an alert that was raised before is closed; the verdict stands in the run's properties.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote

from proctor.release import Release, Verdict
from proctor.reports import sentences
from proctor.reports.comment import Problem

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_NOT_SHOWN = "condition-not-shown"
_NO_VERDICT = "no-verdict"
_RULES = {
    _NOT_SHOWN: "The condition is not shown to hold on the test set.",
    _NO_VERDICT: "The gate could not judge; nothing was spent.",
}


class Location(NamedTuple):
    """
    Place of the condition.

    Attributes:
        file: Path of the gate file, relative to the repository.
        line: Line of the condition, from 1.
    """

    file: str
    line: int = 1


def render(release: Release, location: Location) -> str:
    """The release as a SARIF log."""
    results = []
    if release.verdict is Verdict.FAIL:
        assurance = sentences.capitalized(sentences.assurance(release))
        text = f"FAIL: {release.meaning}. {assurance}. {sentences.advice(release)}"
        results.append(_result(_NOT_SHOWN, text, location, release.gate))
    properties: dict[str, Any] = {
        "verdict": release.verdict.value,
        "basis": release.basis.value,
        "condition": release.condition,
        "inputs": release.testset.inputs,
        "ledgerEntry": release.entry,
        "ledgerHead": release.ledger_head,
        "leakageBits": release.budget.leakage_bits,
    }
    if release.answers:
        properties["conditions"] = {each.name: each.in_words for each in release.answers}
    return _log(results, properties, release.gate, release.version, successful=True)


def render_unchanged(gate: str, version: str) -> str:
    """A candidate that there is nothing to ask about, as a SARIF log without a result."""
    return _log([], {"unchanged": True}, gate, version, successful=True)


def render_problem(problem: Problem, location: Location, version: str) -> str:
    """A run without a verdict as a SARIF log."""
    result = _result(_NO_VERDICT, problem.text, location, problem.gate)
    return _log([result], {"exitCode": problem.exit_code}, problem.gate, version, successful=False)


def _result(rule: str, text: str, location: Location, gate: str) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "ruleIndex": list(_RULES).index(rule),
        "kind": "fail",
        "level": "error",
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(location.file.replace("\\", "/")), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": max(1, location.line)},
                }
            }
        ],
        "partialFingerprints": {"proctorGate/v1": f"{gate}:{rule}"},
    }


def _log(results: list[dict[str, Any]], properties: dict[str, Any], gate: str, version: str, successful: bool) -> str:
    driver = {
        "name": "proctor",
        "version": version,
        "rules": [{"id": rule, "shortDescription": {"text": text}} for rule, text in _RULES.items()],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"proctor/{quote(gate, safe='')}/"},
        "invocations": [{"executionSuccessful": successful}],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": properties,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"
