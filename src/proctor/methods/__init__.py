"""
Ways of judging a clause, one module for each kind of quantity, and the names that conditions can call.

Evaluation, planning, simulation and the words for a condition ask :func:`method_of` and know no kinds of quantity;
the normal form of conditions asks :func:`metric_of` and knows no metrics.
Importing this package loads the standard library alone; the statistics come with the first decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from proctor.counting.reading import CLASSES, Reading
from proctor.errors import ConditionError
from proctor.language import (
    Calibration,
    Call,
    Clause,
    Clustered,
    Difference,
    Formula,
    FScore,
    Gap,
    Linear,
    Mean,
    MeanFScore,
    MeanRecall,
    MetricDifference,
    Proportion,
    Quantity,
    Ranking,
    Ratio,
    Sampled,
    TopK,
    TopKDifference,
    Within,
    clauses,
)
from proctor.methods.accuracy import ACCURACY
from proctor.methods.auc import AUC, AucMethod
from proctor.methods.auc_difference import AucDifferenceMethod
from proctor.methods.balanced import BalancedDifferenceMethod, BalancedMethod
from proctor.methods.clustered import ClusteredMethod
from proctor.methods.difference import DifferenceMethod
from proctor.methods.ece import ECE, EceMethod
from proctor.methods.error import ERROR
from proctor.methods.fbeta import FBETA, FBetaMethod
from proctor.methods.figures import Unit
from proctor.methods.gap import GAP, GapMethod, GapOfMeansMethod
from proctor.methods.kinds import OWN
from proctor.methods.linear import LinearMethod
from proctor.methods.macro import MacroMethod
from proctor.methods.mean import MEANS, MeanMethod, own_metric
from proctor.methods.mean_recall import BALANCED, MeanRecallDifferenceMethod, MeanRecallMethod
from proctor.methods.method import Claim, Counted, Method, Outcomes, Sequential, Valued, Valuing
from proctor.methods.metric import Metric, named
from proctor.methods.proportion import ProportionMethod
from proctor.methods.quantile import QUANTILES, WithinMethod
from proctor.methods.ratio import RATIOS, RatioMethod
from proctor.methods.ratio_difference import CellsMethod, ShareDifferenceMethod
from proctor.methods.sampled import SampledMethod
from proctor.methods.topk import TOPK, TopKDifferenceMethod, TopKMethod

if TYPE_CHECKING:
    from proctor.counting.panel import Panel

AnyMethod = Counted[Any, Any] | Sequential[Any, Any] | Method[Any, Any]


def _of_ratio(quantity: Ratio) -> AnyMethod:
    return (BalancedMethod if quantity.metric == BALANCED.name else RatioMethod)(quantity)


def _of_difference(quantity: MetricDifference) -> AnyMethod:
    match quantity.of:
        case Ranking():
            return AucDifferenceMethod(quantity)
        case Ratio(metric=BALANCED.name):
            return BalancedDifferenceMethod(quantity)
        case FScore() | Ratio(metric="precision" | "f1"):
            return CellsMethod(quantity)
        case _:
            return ShareDifferenceMethod(quantity)


def _of_mean_recall(quantity: MeanRecall) -> AnyMethod:
    return MeanRecallMethod(quantity) if quantity.minus is None else MeanRecallDifferenceMethod(quantity)


def _of_gap(quantity: Gap) -> AnyMethod:
    return (GapOfMeansMethod if isinstance(quantity.of, Mean) else GapMethod)(quantity)


METHODS: Mapping[type[Quantity], Callable[[Any], AnyMethod]] = {
    Proportion: ProportionMethod,
    Difference: DifferenceMethod,
    Linear: LinearMethod,
    Ratio: _of_ratio,
    MetricDifference: _of_difference,
    FScore: FBetaMethod,
    MeanRecall: _of_mean_recall,
    MeanFScore: MacroMethod,
    Mean: MeanMethod,
    Ranking: AucMethod,
    Calibration: EceMethod,
    Within: WithinMethod,
    TopK: TopKMethod,
    TopKDifference: TopKDifferenceMethod,
    Clustered: ClusteredMethod,
    Sampled: SampledMethod,
    Gap: _of_gap,
}
"""The method of each kind of quantity."""

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (ACCURACY, ERROR, *RATIOS, FBETA, BALANCED, *MEANS, AUC, ECE, *QUANTILES, TOPK, GAP)
}
"""The metrics that conditions can call, by name."""


def method_of(quantity: Quantity) -> AnyMethod:
    """The way in which clauses on *quantity* are judged."""
    return METHODS[type(quantity)](quantity)


def beyond_accuracies(formula: Formula) -> Quantity | None:
    """The first quantity of a formula that does not follow from who is right and what changes; ``None`` if all do."""
    quantities = (clause.quantity for clause in clauses(formula))
    return next((each for each in quantities if not method_of(each).is_of_accuracies), None)


def reading_of(formula: Formula) -> Reading:
    """
    Way in which the files of predictions and labels are to be read for a condition.

    Raises:
        ConditionError: If its clauses need one file read in two ways.
    """
    found, first = None, ""
    for clause in clauses(formula):
        asked = method_of(clause.quantity).reading
        if asked is None:
            continue
        together = asked if found is None else found.with_(asked)
        if together is None:
            raise ConditionError(
                f"`{first}` and `{clause}` read one file in two ways: as classes, numbers or rankings",
                "Ask them in `conditions:`, where each may name the column that it reads: `ranking: {condition: …, "
                "prediction: score}`; or in two gate files on this test set, which share its budget.",
            )
        found, first = together, first or clause.text
    return found or CLASSES


def own_of(formula: Formula) -> frozenset[str]:
    """Functions of the owner of the test set that a condition asks, by name."""
    return frozenset[str]().union(*(method_of(each.quantity).own for each in clauses(formula)))


def refuse_unusable(formula: Formula, panel: Panel) -> None:
    """
    Refuse functions of the owner that cannot score predictions, by these alone; no label has a part in it.

    Raises:
        DataError: If one cannot.
    """
    for clause in clauses(formula):
        method_of(clause.quantity).refuse_unusable(panel)


def is_gain(clause: Clause) -> bool:
    """True if a clause asks how far the candidate's accuracy lies above the baseline's: ``n - o > c``."""
    method = method_of(clause.quantity)
    return method.is_of_accuracies and method.is_against_baseline and clause.above


def metric_of(call: Call) -> Metric:
    """
    The metric that *call* names.

    Raises:
        ConditionError: If there is none of this name, with the nearest one and the list of all.
    """
    return own_metric(call.name) if call.name.startswith(OWN) else named(call, METRICS)
