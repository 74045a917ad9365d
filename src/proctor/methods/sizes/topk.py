"""Sizes of the exact binomial test of top-k accuracy (theory.md §3.1, §6)."""

from __future__ import annotations

from typing import ClassVar

from proctor.methods.sizes.proportion import ProportionSizing


class TopKSizing(ProportionSizing):
    """The exact binomial test of a share that takes every label."""

    subject: ClassVar[str] = "one share of all examples"
    """The quantity, for words."""
