"""Sizes of the exact binomial test of a share of predictions that do not exceed a limit (theory.md §3.9, §6)."""

from __future__ import annotations

from proctor.methods.sizes.proportion import ProportionSizing


class WithinSizing(ProportionSizing):
    """The exact binomial test of a share that takes no labels."""

    @property
    def label_share(self) -> float:
        """No label has a part in it."""
        return 0.0
