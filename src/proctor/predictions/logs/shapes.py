"""Shapes of logs: the keys that are read; what else a tool writes is skipped where msgspec is installed."""

from __future__ import annotations

from typing import Any, TypedDict


class InspectScore(TypedDict, total=False):
    """One score of a sample in Inspect."""

    value: Any
    answer: Any


class InspectSample(TypedDict, total=False):
    """A sample of Inspect, or its summary."""

    id: Any
    epoch: Any
    input: Any
    target: Any
    scores: dict[str, InspectScore] | None


class InspectHeader(TypedDict, total=False):
    """The header of a log of Inspect."""

    eval: Any
    status: Any
    invalidated: Any
    results: Any


PromptfooTest = TypedDict("PromptfooTest", {"assert": Any}, total=False)


class PromptfooResponse(TypedDict, total=False):
    """Answer of a provider of promptfoo."""

    output: Any


class PromptfooResult(TypedDict, total=False):
    """One result of promptfoo."""

    testIdx: Any
    promptIdx: Any
    failureReason: Any
    success: Any
    vars: Any
    testCase: PromptfooTest
    response: PromptfooResponse | None


class PromptfooPrompt(TypedDict, total=False):
    """A column of promptfoo."""

    provider: Any
    label: Any


class Results(TypedDict, total=False):
    """Results as promptfoo has them, or the totals of Inspect."""

    prompts: list[PromptfooPrompt]
    results: list[PromptfooResult]
    total_samples: Any


class Whole(TypedDict, total=False):
    """A log that is one JSON value: of Inspect, of promptfoo, or a table of MLflow."""

    eval: Any
    status: Any
    invalidated: Any
    samples: list[InspectSample] | None
    results: Results | None
    config: Any
    columns: Any
    data: Any
