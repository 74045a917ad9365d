"""
Shapes of logs: the keys that are read; what else a tool writes is skipped where msgspec is installed.

A shape is a dictionary with declared keys (``TypedDict``) that need not be there, or is made of such.
"""

from __future__ import annotations

from types import GenericAlias
from typing import Any, TypedDict


def shape(*plain: str, **nested: Any) -> Any:
    """Shape of an object, with *plain* keys of any value, and *nested* ones of values that have a shape themselves."""
    return TypedDict("Object", dict.fromkeys(plain, Any) | nested, total=False)  # type: ignore[operator]


INSPECT_HEADER = shape("eval", "status", "invalidated", "results")
_SCORES = GenericAlias(dict, (str, shape("value", "answer")))
INSPECT_SAMPLES = GenericAlias(list, shape("id", "epoch", "input", "target", scores=_SCORES | None))
"""Samples of Inspect, or their summaries."""
_PROMPTS = GenericAlias(list, shape("provider", "label"))
_RESULT = shape(
    *("testIdx", "promptIdx", "failureReason", "success", "vars"),
    testCase=shape("assert"),
    response=shape("output") | None,
)
_RESULTS = shape("total_samples", prompts=_PROMPTS, results=GenericAlias(list, _RESULT))
"""Results as promptfoo has them, or the totals of Inspect."""
WHOLE = shape(
    *("eval", "status", "invalidated", "config", "columns", "data"),
    samples=INSPECT_SAMPLES | None,
    results=_RESULTS | None,
)
"""A log that is one JSON value: of Inspect, of promptfoo, or a table of MLflow."""
