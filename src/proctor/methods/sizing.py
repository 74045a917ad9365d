"""The examples that one clause takes at one level: the interface of all sizings, without the statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from proctor.language import Clause

Progress = Callable[[float], None]
"""Told the share of a long plan that is done; the library itself never prints."""


def within(progress: Progress | None, index: int, parts: int) -> Progress | None:
    """The progress of one of several equal parts, told as progress of the whole."""
    return None if progress is None else lambda share: progress((index + share) / parts)


class Sizing(Protocol):
    """Number of examples that one clause takes at one level; each implementation is one test."""

    @property
    def clause(self) -> Clause:
        """The clause."""

    @property
    def method(self) -> str:
        """Name of the test."""

    @property
    def reason(self) -> str:
        """Reason for this test, in one sentence."""

    @property
    def log_level(self) -> float:
        """Natural logarithm of the clause's own level."""

    @property
    def label_share(self) -> float:
        """Anticipated share of the examples whose labels the test needs."""

    def check(self) -> None:
        """Refuse what can never be proven, naming the key to change."""

    def sample_size(self) -> int:
        """Examples needed at the clause's own tolerance."""

    def nearby_size(self, planned: Sizing, size: int) -> int:
        """Examples needed, where *planned*, the same test at another level, needs *size*; may be rough (`is_rough`)."""

    @property
    def is_rough(self) -> bool:
        """True if `nearby_size` and `nearby_tolerance` scale what is planned instead of computing anew."""

    def tolerance(self, n_examples: int) -> float | None:
        """Smallest tolerance that *n_examples* reach; ``None`` if none."""

    def nearby_tolerance(self, planned: Sizing, tolerance: float | None, n_examples: int) -> float | None:
        """Tolerance that *n_examples* reach, where those of *planned*, the test at another level, reach *tolerance*."""

    def resolves(self, n_examples: int) -> bool:
        """True if *n_examples* reach the clause's own tolerance, or can prove anything if it names none."""


class ComputedAnew:
    """The part of a `Sizing` that costs so little that every level of the life of a set is computed anew."""

    @property
    def is_rough(self) -> bool:
        """Nothing is scaled."""
        return False

    def nearby_size(self: Sizing, planned: Sizing, size: int) -> int:
        """The size itself, at this level."""
        return self.sample_size()

    def nearby_tolerance(self: Sizing, planned: Sizing, tolerance: float | None, n_examples: int) -> float | None:
        """The tolerance itself, at this level."""
        return self.tolerance(n_examples)
