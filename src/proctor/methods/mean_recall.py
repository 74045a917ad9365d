"""
Balanced accuracy over all classes: the mean of the recall of each, by betting on groups (theory.md §3.5).

Given the labels, each class is dealt out evenly over as many groups as the rarest one has examples, in the order fixed
at registration. The groups are independent, and the mean over classes of the shares that a model has right in a group
has the mean recall as its expectation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proctor.language import Call, Clause, MeanRecall, Ratio, Variable
from proctor.language.tree import Name
from proctor.methods.balanced import ByGroups, Groups, grouped
from proctor.methods.figures import MODELS, percent, points
from proctor.methods.metric import Metric
from proctor.methods.one_class import ratio_called
from proctor.methods.standard import InPercent

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.methods.method import Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class _MeanRecallMethod(ByGroups[MeanRecall]):
    def needs_label(self, panel: Panel) -> Mask:
        """All examples: those of any class may lie anywhere."""
        import numpy as np

        return np.full(len(panel), True)

    def statistic(self, outcomes: Outcomes) -> Groups:
        """Groups with some examples of each class that occurs."""
        import numpy as np

        from proctor.counting.said import ClassNumbers, RightMore

        right = outcomes.values(RightMore(self.quantity.plus, self.quantity.minus))
        (numbers,) = outcomes.values(ClassNumbers()).T
        return grouped([right[numbers == number] for number in np.unique(numbers)])

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the test of two classes; of more, it is smaller."""
        from proctor.methods.sizes.balanced import MeanRecallSizing

        return MeanRecallSizing(share, simulate, progress)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The classes that it is about."""
        remark = (
            "Balanced accuracy is the mean of the recall of each class that occurs among the labels, however rare it "
            "is: the rarest one decides how much is shown."
        )
        return (remark,)


class MeanRecallMethod(InPercent[MeanRecall, Groups], _MeanRecallMethod):
    """Judges the mean by the groups."""

    def in_words(self, clause: Clause) -> str:
        """Shares in per cent."""
        side = "above" if clause.above else "below"
        return f"the mean recall of {MODELS[self.quantity.plus]} over all classes is {side} {percent(clause.threshold)}"


class MeanRecallDifferenceMethod(_MeanRecallMethod):
    """Judges a difference between two models by the groups."""

    is_paired = True

    def in_words(self, clause: Clause) -> str:
        """The difference in points."""
        assert self.quantity.minus is not None  # noqa: S101  # how the method is chosen
        plus, minus = MODELS[self.quantity.plus], MODELS[self.quantity.minus]
        side, threshold = ("above" if clause.above else "below"), clause.threshold
        shift = f" {'plus' if threshold > 0 else 'minus'} {points(abs(threshold))}" if threshold else ""
        return f"the mean recall of {plus} over all classes is {side} that of {minus}{shift}"

    def value_in_words(self, value: float) -> str:
        """A difference in points."""
        return points(value)


def _balanced_called(call: Call) -> Ratio | MeanRecall:
    match call.arguments, call.options:
        case ((Name(model),), ()) if model is not Variable.D:
            return MeanRecall(model)
        case _:
            return ratio_called(call)


BALANCED = Metric(
    "balanced_accuracy",
    "the mean of recall and specificity, or of the recall of all classes",
    _balanced_called,
    ("balanced_accuracy_score", "bacc", "bac", "macro_recall", "recall_macro"),
)
