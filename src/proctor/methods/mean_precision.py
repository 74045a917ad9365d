"""
Macro precision: the mean over all classes of the precision of each, by betting on groups (theory.md §3.5).

Given the predictions, each example that is called a class is right with the precision of that class, independently of
all others. So the examples called each class are dealt out evenly over as many groups as the class that is called most
seldom has, in the order fixed at registration, and the mean over classes of the shares that are right in a group has
the mean precision of these classes as its expectation.

A class among the labels that the model never calls counts as well, or a model could win by leaving out whatever is
hard. Its precision is not known: what lies above a limit is shown as if it were 0, what lies below as if it were 1.
How many classes count may follow from labels, so every number up to theirs has to be refuted, one of which was certain
to be true beforehand if any is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from proctor.language import Clause, MeanPrecision
from proctor.methods.balanced import Groups, grouped
from proctor.methods.figures import MODELS, percent
from proctor.methods.standard import InPercent, bounds_of_values, rejects_values

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.methods.method import Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class Calls(NamedTuple):
    """
    Examples by the class that they are called.

    Attributes:
        groups: Groups with some examples of each class that is called.
        n_called: Number of classes that are called.
        n_classes: Number of classes that are called, or occur among the labels.
    """

    groups: Groups
    n_called: int
    n_classes: int


class MeanPrecisionMethod(InPercent[MeanPrecision, Calls]):
    """Judges the mean by the groups."""

    is_of_accuracies: ClassVar[bool] = False

    def needs_label(self, panel: Panel) -> Mask:
        """All examples: each is called some class."""
        import numpy as np

        return np.full(len(panel), True)

    def statistic(self, outcomes: Outcomes) -> Calls:
        """Groups with some examples of each class that is called, and the number of classes."""
        import numpy as np

        from proctor.counting.said import CalledNumber, ClassNumber, RightMore

        model = self.quantity.model
        called, right = outcomes.values(CalledNumber(model)), outcomes.values(RightMore(model))
        kinds = np.unique(called)
        n_classes = len(np.union1d(kinds, outcomes.values(ClassNumber(model))))
        return Calls(grouped([right[called == kind] for kind in kinds]), len(kinds), n_classes)

    def rejects(
        self, clause: Clause, statistic: Calls, n_examples: int, log_level: float, cap: float, *, above: bool
    ) -> bool:
        """Betting on the scores of the groups, at the limit that each number of classes sets for those called."""
        far = clause.threshold if above else 1 - clause.threshold
        for n_classes in range(statistic.n_classes, statistic.n_called - 1, -1):
            needed = far * n_classes / statistic.n_called
            limit = needed if above else 1 - needed
            if not rejects_values(statistic.groups.scores, limit, log_level, self.value_range, above=above):
                return False
        return True

    def estimate(self, statistic: Calls, n_examples: int) -> float:
        """Mean precision of the sample, where a class that is never called has none."""
        return statistic.groups.estimate * statistic.n_called / statistic.n_classes

    def counts(self, statistic: Calls) -> dict[str, int]:
        """Numbers of groups and of classes."""
        n_groups = len(statistic.groups.scores)
        return {"groups": n_groups, "classes": statistic.n_classes, "called": statistic.n_called}

    def bounds(
        self, clause: Clause, statistic: Calls, n_examples: int, level: float
    ) -> tuple[float, float, float | None]:
        """Bounds by betting on the scores of the groups, whatever the precision of classes that are never called."""
        lower, upper, _ = bounds_of_values(statistic.groups.scores, level, self.value_range)
        part = statistic.n_called / statistic.n_classes
        return lower * part, 1 - (1 - upper) * part, None

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the test of two classes; of more, it is smaller."""
        from proctor.methods.sizes.balanced import MeanPrecisionSizing

        return MeanPrecisionSizing(share, simulate, progress)

    def in_words(self, clause: Clause) -> str:
        """Shares in per cent."""
        side = "above" if clause.above else "below"
        model = MODELS[self.quantity.model]
        return f"the mean precision of {model} over all classes is {side} {percent(clause.threshold)}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """The classes that it is about."""
        which = (
            "Macro precision is the mean of the precision of each class that the test set has among labels or "
            "predictions: the one that is predicted most seldom decides how much is shown."
        )
        never = (
            "A class that is never predicted counts as if its precision were 0 (1 where the mean is to be shown below "
            "a limit), so leaving out a hard class gains nothing."
        )
        return which, never
