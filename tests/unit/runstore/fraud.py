"""A registered model on a real MLflow server, as its owner sees it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import requests
from gate.project import LABELS

PROGRAM = "import shutil, sys\nshutil.copy('model/data/answers.csv', sys.argv[2])\n"
_numbers = itertools.count()


class Fraud:
    """A registered model, seen by its owner: through the server's own interface."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url, self.session, self.name = url, session, f"fraud-{next(_numbers)}"
        self.post("registered-models/create", name=self.name)
        self.experiment = str(self.post("experiments/create", name=self.name)["experiment_id"])

    def post(self, route: str, **body: object) -> dict[str, Any]:
        answer = self.session.post(f"{self.url}/api/2.0/mlflow/{route}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def get(self, route: str, **query: str) -> dict[str, Any]:
        answer = self.session.get(f"{self.url}/api/2.0/mlflow/{route}", params={"name": self.name, **query}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def run(self) -> dict[str, str]:
        """The facts of a new run."""
        return self.post("runs/create", experiment_id=self.experiment)["run"]["info"]

    def store(self, uri: str, n_wrong: int) -> None:
        """Keep the files of a model that is wrong so many times."""
        values = LABELS.copy()
        values[:n_wrong] = (values[:n_wrong] + 1) % 10
        rows = "".join(f"e{index},{value}\n" for index, value in enumerate(values))
        self.put(uri, {"predict.py": PROGRAM.encode(), "data/answers.csv": f"id,prediction\n{rows}".encode()})

    def put(self, uri: str, files: Mapping[str, bytes]) -> None:
        """Keep *files* below a URI of artifacts."""
        place = uri.removeprefix("mlflow-artifacts:/")
        for path, content in files.items():
            stored = f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{place}/{path}"
            self.session.put(stored, data=content, timeout=30).raise_for_status()

    def register(self, n_wrong: int | None) -> str:
        """A new version that is wrong so many times, or has no files; gives its number."""
        run = self.run()
        if n_wrong is not None:
            self.store(f"{run['artifact_uri']}/model", n_wrong)
        return self._version(run)

    def register_files(self, files: Mapping[str, bytes]) -> str:
        """A new version with these files; gives its number."""
        run = self.run()
        self.put(f"{run['artifact_uri']}/model", files)
        return self._version(run)

    def _version(self, run: Mapping[str, str]) -> str:
        source = f"{run['artifact_uri']}/model"
        made = self.post("model-versions/create", name=self.name, source=source, run_id=run["run_id"])
        return str(made["model_version"]["version"])

    def log(self, n_wrong: int, *, beside_the_run: bool) -> str:
        """A model of a run, as MLflow 2 keeps it or beside the run as MLflow 3 does; gives its URI."""
        run = self.run()
        if not beside_the_run:
            self.store(f"{run['artifact_uri']}/model", n_wrong)
            return f"runs:/{run['run_id']}/model"
        made = self.post("logged-models", experiment_id=self.experiment, name="model", source_run_id=run["run_id"])
        logged = made["model"]["info"]
        self.store(logged["artifact_uri"], n_wrong)
        self.post("runs/outputs", run_id=run["run_id"], models=[{"model_id": logged["model_id"], "step": 0}])
        return f"runs:/{run['run_id']}/model"

    def set_alias(self, version: str, alias: str = "champion") -> None:
        self.post("registered-models/alias", name=self.name, alias=alias, version=version)

    def champion(self) -> str:
        return str(self.get("registered-models/alias", alias="champion")["model_version"]["version"])

    def tags(self, version: str) -> dict[str, str]:
        tags = self.get("model-versions/get", version=version)["model_version"].get("tags", [])
        return {tag["key"]: tag["value"] for tag in tags}
