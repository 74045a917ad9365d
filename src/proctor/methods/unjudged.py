"""
Metrics that people ask for and no method judges: the reason, and what to ask instead.

A name is here because no test of it is known that holds its level on every finite sample and is worth its examples.
"""

from __future__ import annotations

from typing import NamedTuple


class Unjudged(NamedTuple):
    """
    A metric that is answered with another question.

    Attributes:
        names: Its names, in small letters.
        reason: The reason, as half a sentence.
        instead: What to write.
    """

    names: tuple[str, ...]
    reason: str
    instead: str


UNJUDGED = (
    Unjudged(
        ("average_precision", "average_precision_score", "ap", "auprc", "pr_auc", "prauc"),
        "it averages precisions at thresholds that the sample itself sets, and no bound on it holds in every finite "
        "sample",
        'Ask how well scores rank, `auc(n, "spam") > 0.9`, or of classes at the threshold that you use, '
        '`precision(n, "spam") > 0.8 and recall(n, "spam") > 0.6`.',
    ),
    Unjudged(
        ("r2", "r2_score", "r_squared", "rsquared", "explained_variance", "explained_variance_score"),
        "it divides by the variance of labels, which is no mean of one value for each example and has no range",
        "Ask for the error itself, `mse(n, max=100) < 4`; or let the baseline predict the mean of the training labels "
        "everywhere: `mse(n, max=100) < 0.3 * mse(o, max=100)` is an R² above 0.7 against it.",
    ),
    Unjudged(
        ("mcc", "matthews_corrcoef", "matthews", "phi", "cohen_kappa", "cohen_kappa_score", "kappa"),
        "it mixes rates of all four kinds of outcomes in one fraction, and bounds on all of them together are wide",
        'Ask for `f1(n, "spam") > 0.8`, whose test is exact, or for `balanced_accuracy(n, "spam") > 0.8`, which chance '
        "leaves at 0.5 however rare the class is.",
    ),
    Unjudged(
        ("mape", "mean_absolute_percentage_error", "smape", "wape"),
        "it has no end where what is true is near 0",
        "Let labels and predictions be logarithms, and ask for `mae(n, max=1) < 0.05`: 0.05 is about 5 %.",
    ),
    Unjudged(
        ("jaccard", "jaccard_score", "iou"),
        "it says the same as F1",
        'Ask `f1(n, "spam") > 0.75`: an overlap of j is an F1 of 2j/(1 + j), so 0.6 is 0.75.',
    ),
    Unjudged(
        ("fpr", "false_positive_rate", "fall_out", "fallout"),
        "it says the same as specificity",
        'Ask `specificity(n, "spam") > 0.95`: a false-positive rate of r is a specificity of 1 - r, so 0.05 is 0.95.',
    ),
    Unjudged(
        ("fnr", "false_negative_rate", "miss_rate"),
        "it says the same as recall",
        'Ask `recall(n, "spam") > 0.9`: a false-negative rate of r is a recall of 1 - r, so 0.1 is 0.9.',
    ),
    Unjudged(
        ("fdr", "false_discovery_rate"),
        "it says the same as precision",
        'Ask `precision(n, "spam") > 0.9`: a false-discovery rate of r is a precision of 1 - r, so 0.1 is 0.9.',
    ),
    Unjudged(
        (
            *("micro_precision", "precision_micro", "micro_recall", "recall_micro", "micro_f1", "f1_micro"),
            *("weighted_recall", "recall_weighted"),
        ),
        "it says the same as accuracy, where each example has one class and one prediction",
        "Write `n > 0.8`.",
    ),
    Unjudged(
        ("gini", "gini_coefficient", "somers_d"),
        "it says the same as the AUC",
        'Ask `auc(n, "spam") > 0.9`: a Gini coefficient of g is an AUC of (1 + g)/2, so 0.8 is 0.9.',
    ),
    Unjudged(
        (
            "ndcg",
            "ndcg_score",
            "mrr",
            "reciprocal_rank",
            "bleu",
            "rouge",
            "wer",
            "recall_at_k",
            "precision_at_k",
            "hit_rate",
        ),
        "it is computed from more than one prediction and one label",
        "Compute it for each example, give it as the prediction, and ask for its mean: `mean(n) > 0.7`, "
        "or `mean(n) - mean(o) > 0`.",
    ),
)
"""The metrics, with the reason and what to write."""


def answer_to(name: str) -> Unjudged | None:
    """The answer to one name; ``None`` if nobody is known to ask for it."""
    return next((each for each in UNJUDGED if name.lower() in each.names), None)
