"""Results of promptfoo as JSON (``promptfoo eval -o results.json``): one column for each provider and prompt."""

from __future__ import annotations

from collections import Counter
from typing import Any

from proctor.errors import DataError
from proctor.predictions.logs import Log, Samples, collect, malformed, repeated
from proctor.predictions.logs.decoding import Json
from proctor.predictions.logs.digests import digests_of
from proctor.predictions.tables import Source

_ERROR = 2


def read(source: Source, content: dict[str, Json]) -> Log:
    """The log in a JSON value; errors as `proctor.predictions.logs.read_log`."""
    try:
        results = content["results"]
        names = _names(results["prompts"])
        samples = _named_by_question(_samples(source, results["results"], names))
        task = str((content.get("config") or {}).get("description") or "")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise malformed(source, error) from error
    return collect(source, "promptfoo", task, samples)


def _named_by_question(samples: Samples) -> Samples:
    """
    The samples, with those that ask the same as epochs of one.

    ``--repeat`` numbers them on as if they were tests of their own. Where there are any, a sample has the name of its
    question, which is its number; else that of the test.
    """
    if len(set(samples.asked)) == len(samples.asked):
        return samples
    questions: dict[str, int] = {}
    seen: Counter[str] = Counter()
    named: dict[int, tuple[str, int]] = {}
    for row in sorted(range(len(samples.ids)), key=lambda row: int(samples.ids[row])):
        asked = samples.asked[row]
        seen[asked] += 1
        named[row] = str(questions.setdefault(asked, len(questions))), seen[asked]
    ids, epochs = zip(*(named[row] for row in range(len(named))), strict=True)
    return samples._replace(ids=list(ids), epochs=list(epochs))


def _names(prompts: list[dict[str, Any]]) -> list[str]:
    """A name for each pair of a provider and a prompt: the provider's, where that is enough."""
    providers = [str(prompt["provider"]) for prompt in prompts]
    if len(set(providers)) == len(providers):
        return providers
    return [f"{provider}, {prompt['label']}" for provider, prompt in zip(providers, prompts, strict=True)]


def _samples(source: Source, results: list[dict[str, Any]], names: list[str]) -> Samples:
    """One sample for each test, with a score for each column; the first of its results says what was asked."""
    firsts: dict[str, dict[str, Any]] = {}
    columns: dict[int, dict[str, Json]] = {}
    for result in results:
        name = str(result["testIdx"])
        if result.get("failureReason") == _ERROR:
            raise _unanswered(source, name)
        column = columns.setdefault(int(result["promptIdx"]), {})
        if name in column:
            raise repeated(source, name)
        column[name] = result["success"]
        firsts.setdefault(name, result)
    outputs = [(first.get("response") or {}).get("output") for first in firsts.values()]
    return Samples(
        ids=list(firsts),
        asked=digests_of([first["vars"], first["testCase"].get("assert")] for first in firsts.values()),
        scores={names[prompt]: [column.get(name) for name in firsts] for prompt, column in columns.items()},
        answers=[output if len(names) == 1 and isinstance(output, str) else None for output in outputs],
    )


def _unanswered(source: Source, name: str) -> DataError:
    which = "a test" if source.is_silent else f"test {name}"
    return DataError(
        f"{source} has no answer to {which}: it ended with an error",
        hint="Run it again: `promptfoo eval --retry-errors`",
    )
