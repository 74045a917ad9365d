"""
Differences of metrics of one class, where labels are bought of all disagreements and of a share of the rest.

Nearly all that such a difference hangs on are the examples on which one model alone says the class. The others enter
through the baseline's metric and the threshold, and there a random share speaks for all of them: an example that was
drawn counts as one over the share (theory.md §3.5). The draws come from the owner's key, so that no model knows them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from proctor.counting.events import Drawn, Event, is_class
from proctor.language import Sampled
from proctor.methods.ratio_difference import CellsMethod

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.methods.method import Codes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing
    from proctor.stats.contrast import Contrast


class SampledMethod(CellsMethod):
    """Judges a difference of precision, recall, specificity or F-beta by betting, with some of the labels."""

    def __init__(self, quantity: Sampled) -> None:
        super().__init__(quantity.of)
        self.drawn = quantity.share

    @property
    def events(self) -> tuple[Event, ...]:
        """Those of all labels, and the draw."""
        return *super().events, Drawn(self.drawn)

    def needs_label(self, panel: Panel) -> Mask:
        """The examples on which one model alone says the class, and of the others those that are drawn and count."""
        import numpy as np

        given = [values for model in self.models if (values := panel.of(model)) is not None]
        called = [is_class(values, self.quantity.positive) for values in given]
        differ = np.logical_xor.reduce(called) if len(called) > 1 else np.zeros(len(panel), np.bool_)
        drawn = panel.drawn(self.drawn) & super().needs_label(panel)
        needed: Mask = differ | drawn
        return needed

    @property
    def remarks(self) -> tuple[str, ...]:
        """The labels that it takes."""
        remark = (
            f"Labels are bought of the examples on which one model alone says {self.quantity.positive}, and of "
            f"{100 * self.drawn:.4g} % of the others, which the owner's key draws."
        )
        return (remark,)

    @property
    def weight(self) -> float:
        """Weight of a miss beside a false alarm; recall and specificity look at nothing else."""
        return math.inf if self.metric in {"recall", "specificity"} else super().weight

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the test's known width, or by simulating it."""
        from proctor.methods.sizes.sampled import SampledSizing

        return SampledSizing(share, simulate, progress, self.weight, self.drawn, self.metric)

    def _contrast(self, codes: Codes) -> Contrast:
        from proctor.stats.contrast import Contrast

        found = Contrast(codes, self.weight, self.drawn)
        return found.of_others if self.metric == "specificity" else found
