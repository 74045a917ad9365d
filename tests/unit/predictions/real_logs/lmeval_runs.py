"""
Make logs of lm-evaluation-harness, of a model whose answers are scripted: ``python lmeval_runs.py FOLDER``.

Runs in an environment of its own, that has the package ``lm_eval``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

TASK = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "What is {{{{a}}}} + {{{{a}}}}?"
doc_to_target: "{{{{b}}}}"
generation_kwargs: {{until: ["\\n"]}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""
FILTERS = """\
filter_list:
  - {name: strict, filter: [{function: regex, regex_pattern: "^([0-9]+)$"}, {function: take_first}]}
  - {name: flexible, filter: [{function: regex, regex_pattern: "([0-9]+)"}, {function: take_first}]}
"""


class Scripted(LM):
    """A model that doubles numbers below a limit."""

    def __init__(self, n_right: int) -> None:
        super().__init__()
        self.n_right = n_right

    def generate_until(self, requests: list[Any], **_how: Any) -> list[str]:
        numbers = [int(request.args[0].split()[2]) for request in requests]
        return [str(2 * number) if number < self.n_right else "7" for number in numbers]

    def loglikelihood(self, requests: list[Any], **_how: Any) -> list[tuple[float, bool]]:
        return [(0.0, True) for _ in requests]

    def loglikelihood_rolling(self, requests: list[Any], **_how: Any) -> list[float]:
        return [0.0 for _ in requests]


def main(folder: Path) -> None:
    data = folder / "sums.jsonl"
    data.write_text("".join(json.dumps({"a": i, "b": str(2 * i)}) + "\n" for i in range(8)))
    for name, filters in (("sums", ""), ("filtered", FILTERS)):
        (folder / f"{name}.yaml").write_text(TASK.format(name=name, data=data.absolute()) + filters)
    for name, n_right in (("new", 6), ("old", 3)):
        results = simple_evaluate(
            Scripted(n_right),
            tasks=["sums", "filtered"],
            task_manager=TaskManager(include_path=str(folder)),
            log_samples=True,
            bootstrap_iters=0,
        )
        tracker = EvaluationTracker(output_path=str(folder / name))
        samples = results.pop("samples")
        tracker.save_results_aggregated(results, samples)
        for task, rows in samples.items():
            tracker.save_results_samples(task, rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
