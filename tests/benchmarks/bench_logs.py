"""
Reading logs of 100,000 samples, beside reading their bytes.

    python tests/benchmarks/bench_logs.py

The logs are the recorded ones of the tests, their samples repeated under other ids, with questions of a page. Both are
timed on the processor, from the page cache: a disk would only make the bytes slower.
"""

from __future__ import annotations

import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from figures import figure
from timing import best

from proctor.predictions import Source
from proctor.predictions.logs import read_log

N_SAMPLES = 100_000
REAL = Path(__file__).parents[1] / "unit/predictions/real_logs"
PAGE = "The quick brown fox jumps over the lazy dog.\n" * 20


def harness(path: Path) -> None:
    """What ``lm_eval --log_samples`` writes: the question stands in the document and in the arguments."""
    (recorded,) = (REAL / "lmeval/new").glob("samples_sums_*")
    sample = json.loads(recorded.read_text().splitlines()[0])
    arguments = {"gen_args_0": {"arg_0": PAGE, "arg_1": {"until": ["\n"]}}}
    with path.open("w") as file:
        for number in range(N_SAMPLES):
            own = {"doc_id": number, "doc_hash": f"{number:064x}", "doc": {"question": PAGE}, "arguments": arguments}
            file.write(json.dumps({**sample, **own}) + "\n")


def inspect(path: Path) -> None:
    """What Inspect writes, packed by zlib, for zipfile writes no Zstandard: of each sample all, and a summary."""
    whole = json.loads((REAL / "inspect/whole.json").read_text())
    sample = json.dumps({**whole["samples"][0], "input": PAGE})
    summary = {key: whole["samples"][0][key] for key in ("input", "target", "scores")}
    header = {"eval": whole["eval"], "status": "success", "results": {"total_samples": N_SAMPLES}}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(N_SAMPLES):
            archive.writestr(f"samples/{number}_epoch_1.json", sample)
        archive.writestr("summaries.json", json.dumps([{**summary, "id": number} for number in range(N_SAMPLES)]))
        archive.writestr("header.json", json.dumps(header))


def promptfoo(path: Path) -> None:
    """What ``promptfoo eval -o`` writes, of one provider."""
    whole = json.loads((REAL / "promptfoo.json").read_text())
    first = whole["results"]["results"][0]
    pages = ({**first["vars"], "page": f"{number} {PAGE}"} for number in range(N_SAMPLES))
    answers = [{**first, "testIdx": number, "vars": page} for number, page in enumerate(pages)]
    whole["results"] |= {"results": answers, "prompts": [whole["results"]["prompts"][first["promptIdx"]]]}
    for answer in whole["results"]["results"]:
        answer["promptIdx"] = 0
    path.write_text(json.dumps(whole))


def mlflow(path: Path) -> None:
    """An evaluation table of MLflow."""
    table = json.loads((REAL / "mlflow/new.json").read_text())
    place = table["columns"].index("request")
    rows = []
    for number in range(N_SAMPLES):
        cells = list(table["data"][0])
        cells[place] = {"question": f"{number} {PAGE}"}
        rows.append(cells)
    path.write_text(json.dumps({**table, "data": rows}))


LOGS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "lm-evaluation-harness": ("samples_sums_2026-01-01T00-00-00.jsonl", harness),
    "Inspect": ("log.eval", inspect),
    "promptfoo": ("results.json", promptfoo),
    "MLflow": ("eval_results_table.json", mlflow),
}


def main() -> None:
    """Print each ratio beside its target."""
    with tempfile.TemporaryDirectory() as name:
        for tool, (log, write) in LOGS.items():
            path = Path(name) / log
            write(path)
            reading = best(path.read_bytes, 5, time.process_time)
            parsing = best(lambda path=path: read_log(Source(path)), 5, time.process_time)
            size = path.stat().st_size / 1e6
            figure(f"log of {tool}, 100,000 samples, {size:.0f} MB / reading its bytes", parsing / reading, most=10)
            path.unlink()


if __name__ == "__main__":
    main()
