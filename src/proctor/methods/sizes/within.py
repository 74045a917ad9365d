"""Sizes of the exact binomial test of a share of numbers that do not exceed a limit (theory.md §3.9, §6)."""

from __future__ import annotations

from typing import ClassVar

from proctor.language import Measure, Within
from proctor.methods.sizes.proportion import ProportionSizing


class WithinSizing(ProportionSizing):
    """The exact binomial test of a share that takes labels for errors alone."""

    subject: ClassVar[str] = "a share of all examples"
    """The quantity, for words."""

    @property
    def label_share(self) -> float:
        """No label has a part in predictions, and every one in errors."""
        quantity = self.clause.quantity
        return float(isinstance(quantity, Within) and quantity.measure is Measure.ERROR)
