"""
Make logs of Inspect, of a model whose answers are scripted: ``python inspect_runs.py FOLDER``.

Runs in an environment of its own, that has the package ``inspect_ai``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import includes, match
from inspect_ai.solver import solver


@solver
def scripted(n_right: int) -> Any:
    async def solve(state: Any, _generate: Any) -> Any:
        number = int(state.input_text.split()[2])
        if n_right < 0:
            raise ValueError("the model is down")
        state.output = ModelOutput.from_content("scripted", str(2 * number) if number < n_right else "7")
        return state

    return solve


def run(path: Path, n_right: int, scorers: list[Any], **how: Any) -> None:
    data = [Sample(input=f"What is {i} + {i}?", target=str(2 * i), id=f"sum-{i}") for i in range(8)]
    task = Task(
        name="sums", dataset=MemoryDataset(data, name="sums"), solver=[scripted(n_right)], scorer=scorers, **how
    )
    form = path.suffix[1:]
    (log,) = eval(task, model="mockllm/model", log_dir=str(path.parent / "runs"), display="none", log_format=form)
    shutil.move(log.location, path)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run(folder / "new.eval", 6, [match()])
    run(folder / "old.eval", 3, [match()])
    run(folder / "whole.json", 3, [match()])
    run(folder / "two-scorers.eval", 3, [match(), includes()])
    run(folder / "epochs.eval", 3, [match()], epochs=2)
    run(folder / "failed.eval", -1, [match()])
    shutil.rmtree(folder / "runs")
