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
