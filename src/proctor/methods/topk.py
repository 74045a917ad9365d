"""
Top-k accuracy: the share of examples whose label is among the first classes that a model ranks.

One count is tested exactly (theory.md §3.1), and a difference of two models by wins and losses (§3.2), as accuracies
are. A prediction is a ranking, so that there are no ties to break: its order is the model's own.
"""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING

from proctor.counting.reading import Content, Rankings, Reading
from proctor.language import Call, Clause, TopK, TopKDifference, Variable
from proctor.language.tree import Name, Number
from proctor.methods.difference import PairedMethod, WinsAndLosses
from proctor.methods.figures import MODELS, ahead, percent
from proctor.methods.metric import MODELS_IN_WORDS, Metric, refusal, refuse_words
from proctor.methods.standard import Binomial

if TYPE_CHECKING:
    from proctor.counting.said import Among
    from proctor.methods.method import Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

MOST = 1_000
"""Classes that count at most; a ranking has no more."""

_USUAL = Decimal(5)

READING = Reading(Rankings(), Content.CLASSES)
"""Rankings of classes, and labels that are classes."""


class _OfRankings:
    """Everything that follows from predictions being rankings."""

    @property
    def reading(self) -> Reading:
        """Rankings."""
        return READING

    @property
    def remarks(self) -> tuple[str, ...]:
        """The form of predictions."""
        return (
            "A prediction ranks classes, the likeliest first, as in `cat|dog|fox`; a shorter one has fewer chances.",
        )

    @property
    @abstractmethod
    def _among(self) -> Among:
        """Presence of the label, on each example."""


class TopKMethod(_OfRankings, Binomial[TopK]):
    """Judges the share by the number of examples whose label is among the first classes."""

    def statistic(self, outcomes: Outcomes) -> int:
        """Number of examples whose label is among the first classes."""
        return int(outcomes.values(self._among).sum())

    def counts(self, statistic: int) -> dict[str, int]:
        """The count."""
        return {"among": statistic}

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the exact binomial test."""
        from proctor.methods.sizes.proportion import ProportionSizing

        return ProportionSizing(share, "one share of all examples")

    def in_words(self, clause: Clause) -> str:
        """Shares in per cent."""
        bound = "more than" if clause.above else "less than"
        where = f"on {bound} {percent(clause.threshold)} of examples"
        return f"the label is among the first {self.quantity.first} classes of {MODELS[self.quantity.model]} {where}"

    @property
    def _among(self) -> Among:
        from proctor.counting.said import Among

        return Among(self.quantity.model, self.quantity.first)


class TopKDifferenceMethod(_OfRankings, PairedMethod[TopKDifference]):
    """Judges a difference by the numbers of examples on which one model alone has the label among its first classes."""

    def statistic(self, outcomes: Outcomes) -> WinsAndLosses:
        """Examples on which the first model alone, and on which the second alone, has the label."""
        values = outcomes.values(self._among)
        return int((values > 0).sum()), int((values < 0).sum())

    def in_words(self, clause: Clause) -> str:
        """Words that say which model has the label more often, and by how many points."""
        plus, minus = (MODELS[model] for model in (self.quantity.plus, self.quantity.minus))
        subject = f"{plus} has the label among its first {self.quantity.first} classes"
        return ahead(clause, subject, "more often", "less often", f"than {minus}", ", by")

    @property
    def _among(self) -> Among:
        from proctor.counting.said import Among

        return Among(self.quantity.plus, self.quantity.first, self.quantity.minus)


def _means(call: Call) -> TopK:
    """
    The share that a call asks for.

    Raises:
        ConditionError: If it does not name a model and a number of classes.
    """
    example = f"Write `topk(n, 5)`; a model is {MODELS_IN_WORDS}."
    refuse_words(call, *([] if call.options else [Number(_USUAL)]))
    match call.arguments, call.options:
        case ((Name(model), Number(first)), ()) | ((Name(model),), (("k", Number(first)),)) if model is not Variable.D:
            if first != int(first) or not 1 <= first <= MOST:
                raise refusal(call, f"`{first}` is no number of classes from 1 to {MOST}", example)
            return TopK(model, int(first))
        case _:
            raise refusal(call, f"`{call}` needs a model and a number of classes", example)


TOPK = Metric(
    "topk",
    "how often the label is among the first classes of a ranking",
    _means,
    ("top_k", "topk_accuracy", "top_k_accuracy", "top_k_accuracy_score", "accuracy_at_k", "hits_at_k", "top5"),
)
