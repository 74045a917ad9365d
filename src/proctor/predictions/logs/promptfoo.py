"""Results of promptfoo as JSON (``promptfoo eval -o results.json``): one column for each provider and prompt."""

from __future__ import annotations

from collections import Counter
from typing import Any

from proctor.errors import DataError
from proctor.predictions.logs import Log, Sample, collect, digest_of, malformed, repeated
from proctor.predictions.logs.decoding import Json
from proctor.predictions.tables import Source

_ERROR = 2


def read(source: Source, content: dict[str, Json]) -> Log:
    """The log in a JSON value; errors as `proctor.predictions.logs.read_log`."""
    try:
        results = content["results"]
        names = _names(results["prompts"])
        tests: dict[str, dict[int, dict[str, Any]]] = {}
        for result in results["results"]:
            name, prompt = str(result["testIdx"]), int(result["promptIdx"])
            _refuse_error(source, name, result)
            if prompt in (answered := tests.setdefault(name, {})):
                raise repeated(source, name)
            answered[prompt] = result
        samples = _named_by_question([_sample(name, answered, names) for name, answered in tests.items()])
        task = str((content.get("config") or {}).get("description") or "")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise malformed(source, error) from error
    return collect(source, "promptfoo", task, samples)


def _named_by_question(samples: list[Sample]) -> list[Sample]:
    """
    The samples, with those that ask the same as epochs of one.

    ``--repeat`` numbers them on as if they were tests of their own. Where there are any, a sample has the name of its
    question, which is its number; else that of the test.
    """
    questions: dict[str, int] = {}
    epochs: list[Sample] = []
    seen: Counter[str] = Counter()
    for sample in sorted(samples, key=lambda each: int(each.id)):
        seen[sample.asked] += 1
        number = questions.setdefault(sample.asked, len(questions))
        epochs.append(sample._replace(id=str(number), epoch=seen[sample.asked]))
    return epochs if len(questions) < len(samples) else samples


def _names(prompts: list[dict[str, Any]]) -> list[str]:
    """A name for each pair of a provider and a prompt: the provider's, where that is enough."""
    providers = [str(prompt["provider"]) for prompt in prompts]
    if len(set(providers)) == len(providers):
        return providers
    return [f"{provider}, {prompt['label']}" for provider, prompt in zip(providers, prompts, strict=True)]


def _refuse_error(source: Source, name: str, result: dict[str, Any]) -> None:
    if result.get("failureReason") == _ERROR:
        which = "a test" if source.is_silent else f"test {name}"
        raise DataError(
            f"{source} has no answer to {which}: it ended with an error",
            hint="run it again: `promptfoo eval --retry-errors`",
        )


def _sample(name: str, answered: dict[int, dict[str, Any]], names: list[str]) -> Sample:
    first = next(iter(answered.values()))
    output = (first.get("response") or {}).get("output")
    return Sample(
        id=name,
        asked=digest_of([first["vars"], first["testCase"].get("assert")]),
        scores={names[prompt]: result["success"] for prompt, result in answered.items()},
        answer=output if len(names) == 1 and isinstance(output, str) else None,
    )
