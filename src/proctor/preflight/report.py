"""Findings of a preflight: plain values, public throughout, because no test label was within reach."""

from __future__ import annotations

from enum import StrEnum

from proctor.errors import PASSED, ProctorError
from proctor.frozen import dataclass


class Mark(StrEnum):
    """Weight of a finding."""

    GOOD = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """
    One thing that was looked at, and what was found, in a sentence.

    Attributes:
        hint: What to do next; empty if nothing.
        exit_code: Exit code that `proctor check` would end with for this; 0 unless it is a problem.
    """

    name: str
    mark: Mark
    text: str
    hint: str = ""
    exit_code: int = PASSED


@dataclass(frozen=True, kw_only=True)
class Figures:
    """
    The numbers behind the findings; ``None`` where they are not known.

    Attributes:
        is_replay: True if the question has a recorded answer, which costs nothing.
        log_level: Natural logarithm of the next evaluation's level.
        bits_if_pass: What a pass would cost, in bits.
        bits_if_fail: What a fail would cost, in bits.
        tolerance: What the next evaluation resolves.
        development_examples: Number of labeled development examples.
        changed: Share of development examples on which the predictions change.
        chance: Chance of a pass if the development data are exactly like the test set.
        chance_with_uncertainty: The same, allowing for the number of the development examples.
    """

    is_replay: bool | None = None
    log_level: float | None = None
    bits_if_pass: float | None = None
    bits_if_fail: float | None = None
    tolerance: float | None = None
    development_examples: int | None = None
    changed: float | None = None
    chance: float | None = None
    chance_with_uncertainty: float | None = None


@dataclass(frozen=True)
class Preflight:
    """Everything that was found."""

    gate: str
    findings: tuple[Finding, ...]
    figures: Figures

    @property
    def exit_code(self) -> int:
        """Exit code of the first problem; 0 if there is none."""
        return next((finding.exit_code for finding in self.findings if finding.mark is Mark.PROBLEM), PASSED)


def good(name: str, text: str) -> Finding:
    """Something that is as it should be."""
    return Finding(name, Mark.GOOD, text)


def warning(name: str, text: str, hint: str = "") -> Finding:
    """Something to think about, which stops nobody."""
    return Finding(name, Mark.WARNING, text, hint)


def skipped(name: str, text: str, hint: str = "") -> Finding:
    """Something that could not be looked at here."""
    return Finding(name, Mark.SKIPPED, text, hint)


def problem(name: str, error: ProctorError) -> Finding:
    """Something that `proctor check` would refuse."""
    return Finding(name, Mark.PROBLEM, error.message, error.hint, error.exit_code)
