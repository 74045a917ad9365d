"""
Macro precision, F1 and F-beta: the mean over all classes of that of each, by betting on groups (theory.md §3.5).

Each example counts for one class. One that is right counts for its own; one that is wrong, for its label or for the
class that it is called, by a coin that shows the label with probability w / (1 + w), w the square of beta. All labels
together seed the coins, so nobody who makes models can foresee them, and they are the same for every model. Given for
which class each counts, it is right with the F-beta of this class, independently of all others. So the examples that
count for a class are dealt out evenly over as many groups as the rarest class has, in the order fixed at registration,
and the mean over classes of the shares that are right in a group has the mean of these classes as its expectation. For
precision (a beta of 0) the coin always shows what the example is called.

A class that occurs and for which nothing counts is one of them, too, or a model could win by leaving out whatever is
hard. What lies above a limit is shown as if it had 0, what lies below as if it had 1. How many classes there are may
follow from labels, so every number up to theirs has to be refuted, one of which was certain to be true if any is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from proctor.language import Clause, MeanFScore
from proctor.methods.balanced import grouped
from proctor.methods.fbeta import noun_of
from proctor.methods.figures import MODELS, percent
from proctor.methods.method import Bounds, Claim
from proctor.methods.standard import InPercent, bounds_of_values, rejects_values

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.methods.method import Floats, Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class Classes(NamedTuple):
    """
    Examples by the class for which they count.

    Attributes:
        scores: What each group shows, with some examples of each class for which any count.
        n_counted: Number of these classes.
        n_classes: Number of classes among labels and predictions.
        estimate: Mean of all classes in the sample.
    """

    scores: Floats
    n_counted: int
    n_classes: int
    estimate: float


class MacroMethod(InPercent[MeanFScore, Classes]):
    """Judges the mean by the groups."""

    def needs_label(self, panel: Panel) -> Mask:
        """All examples: each counts for some class."""
        import numpy as np

        return np.full(len(panel), True)

    def statistic(self, outcomes: Outcomes) -> Classes:
        """Groups with some examples of each class for which any count, and what the sample shows."""
        import numpy as np

        from proctor.counting.said import ClassNumbers

        weight = float(self.quantity.beta) ** 2
        true, called = outcomes.values(ClassNumbers(self.quantity.model)).T
        right = (true == called).astype(np.float64)
        counts_for = np.where(_tossed(outcomes.values(ClassNumbers())[:, 0]) < weight / (1 + weight), true, called)
        counted, classes = np.unique(counts_for), np.union1d(true, called)
        scores = grouped([right[counts_for == each] for each in counted]).scores
        return Classes(scores, len(counted), len(classes), _mean(true, called, classes, weight))

    def rejects(self, claim: Claim, statistic: Classes, n_examples: int) -> bool:
        """Betting on the scores of the groups, at the limit that each number of classes sets for those that count."""
        far = claim.threshold if claim.above else 1 - claim.threshold
        for n_classes in range(statistic.n_classes, statistic.n_counted - 1, -1):
            needed = far * n_classes / statistic.n_counted
            limit = needed if claim.above else 1 - needed
            if not rejects_values(statistic.scores, claim._replace(threshold=limit), self.value_range):
                return False
        return True

    def estimate(self, statistic: Classes, n_examples: int) -> float:
        """Mean of the sample over all classes, whatever the coins show."""
        return statistic.estimate

    def counts(self, statistic: Classes) -> dict[str, int]:
        """Numbers of groups, of classes, and of those for which examples count."""
        n_groups = len(statistic.scores)
        return {"groups": n_groups, "classes": statistic.n_classes, "counted": statistic.n_counted}

    def bounds(self, clause: Clause, statistic: Classes, n_examples: int, level: float) -> Bounds:
        """Bounds by betting on the scores of the groups, whatever the classes have for which nothing counts."""
        lower, upper, _ = bounds_of_values(statistic.scores, level, self.value_range)
        part = statistic.n_counted / statistic.n_classes
        return lower * part, 1 - (1 - upper) * part, None

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the test of two classes; of more, it is smaller."""
        from proctor.methods.sizes.balanced import MacroSizing

        return MacroSizing(share, simulate, progress)

    def in_words(self, clause: Clause) -> str:
        """Shares in per cent."""
        side = "above" if clause.above else "below"
        model = MODELS[self.quantity.model]
        return f"the mean {self._noun} of {model} over all classes is {side} {percent(clause.threshold)}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """The classes that it is about, and for which of them an example counts."""
        mean = (
            f"It is the mean of the {self._noun} of each class that the test set has among labels or predictions: the "
            "rarest one decides how much is shown."
        )
        never = (
            "A class that is never predicted counts as if it had 0 (1 where the mean is to be shown below a limit), so "
            "leaving out a hard class gains nothing."
        )
        coins = (
            "A wrong example counts for its label or for what it is called, by a coin tossed beforehand: of those that "
            f"count for a class, the share that is right is its {self._noun}."
        )
        return (mean, coins) if self.quantity.beta else (mean, never)

    @property
    def _noun(self) -> str:
        return noun_of(self.quantity.beta) if self.quantity.beta else "precision"


def _tossed(labels: Floats) -> Floats:
    """A number from 0 to 1 for each example, by its place in the order fixed at registration, and by all labels."""
    import hashlib

    import numpy as np

    seed = int.from_bytes(hashlib.sha256(labels.astype("<f8").tobytes()).digest())
    bits = np.random.PCG64(seed).random_raw(len(labels))  # a stream that NumPy promises not to change
    return np.ldexp((bits >> np.uint64(11)).astype(np.float64), -53)


def _mean(true: Floats, called: Floats, classes: Floats, weight: float) -> float:
    """Mean over *classes* of what each has in the sample; 0 where precision has nothing to divide by."""
    import numpy as np

    of_true, of_called, hits = (
        np.bincount(np.searchsorted(classes, each), minlength=len(classes))
        for each in (true, called, true[true == called])
    )
    whole = weight * of_true + of_called
    return float(np.mean((1 + weight) * hits / np.where(whole > 0, whole, 1)))
