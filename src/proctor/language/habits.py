"""Words that people bring along from elsewhere, and what is written here instead."""

from __future__ import annotations

MODELS_INSTEAD = {
    "new": "n",
    "candidate": "n",
    "challenger": "n",
    "model": "n",
    "old": "o",
    "baseline": "o",
    "base": "o",
    "champion": "o",
    "previous": "o",
    "prod": "o",
    "production": "o",
    "anchor": "a",
    "first": "a",
}
"""Names of models that people try, and what they are called here."""

WORDS_INSTEAD = {
    **MODELS_INSTEAD,
    "accuracy": "n",
    "acc": "n",
    "difference": "d",
    "different": "d",
    "diff": "d",
    "disagreement": "d",
    "changed": "d",
    "changes": "d",
    "churn": "d",
    "gain": "n - o",
    "improvement": "n - o",
    "delta": "n - o",
}
"""Names that people try, and what they are called here."""

_ONE_CLASS = ("precision", "recall", "specificity", "f1", "auc", "brier", "balanced_accuracy")
_AVERAGED = ("precision", "recall", "f1")
_LOSSES = ("mae", "mse", "rmse")
CALLS = {
    **{name: f'{name}(n, "spam")' for name in _ONE_CLASS},
    **{name: f"{name}(n, max=10)" for name in _LOSSES},
    **dict.fromkeys(("f1_score", "fscore", "f_score"), 'f1(n, "spam")'),
    **dict.fromkeys(("auroc", "roc_auc", "roc_auc_score", "rocauc"), 'auc(n, "spam")'),
    **dict.fromkeys(("sensitivity", "tpr", "recall_score"), 'recall(n, "spam")'),
    **dict.fromkeys(("ppv", "precision_score"), 'precision(n, "spam")'),
    **dict.fromkeys(("logloss", "log_loss", "cross_entropy"), 'logloss(n, "spam", max=5)'),
    "brier_score": 'brier(n, "spam")',
    "fbeta": 'fbeta(n, "spam", beta=2)',
    **{f"macro_{name}": f'{name}(n, average="macro")' for name in _AVERAGED},
    **{f"{name}_macro": f'{name}(n, average="macro")' for name in _AVERAGED},
}
"""Metrics that people name alone, and how they are called."""

NOT_FINITE = frozenset({"nan", "inf", "infinity", "infty"})
"""Names that would be numbers elsewhere."""

UNITS = {
    **dict.fromkeys(("point", "points", "pp", "percent", "percentage", "pt", "pts", "%"), 100),
    "‰": 1_000,
    **dict.fromkeys(("bp", "bps"), 10_000),
}
"""Units that people write, and how many of each are 1; accuracies have none here."""

SLICE_WORDS = frozenset({"where", "for", "if", "when", "every", "each"})
"""Words that people open a slice with."""
