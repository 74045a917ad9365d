"""A tracking server over HTTP that knows as much of MLflow's protocol as the gate uses; not a test."""

from __future__ import annotations

import json

from werkzeug import Request, Response

API = "/api/2.0/mlflow/"


class Store:
    """A tracking server that accepts well-formed requests only and remembers them."""

    def __init__(self, httpserver):
        self.runs = {}
        self.requests = []
        self.experiments = {}
        for route in ("experiments/get-by-name", "experiments/create", "runs/create", "runs/search", "runs/log-batch"):
            httpserver.expect_request(API + route).respond_with_handler(self.handle)
        for route in ("runs/set-tag", "runs/delete-tag", "runs/update"):
            httpserver.expect_request(API + route, method="POST").respond_with_handler(self.handle)

    def handle(self, request: Request) -> Response:
        name = request.path.removeprefix(API).replace("/", "_").replace("-", "_")
        self.requests.append(name)
        if request.method == "POST":
            assert "application/json" == request.headers["Content-Type"]
        status, body = getattr(self, name)(request.get_json() if request.method == "POST" else request.args)
        return Response(json.dumps(body), status, content_type="application/json")

    def experiments_get_by_name(self, query):
        if query["experiment_name"] not in self.experiments:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}
        return 200, {"experiment": {"experiment_id": "7", "lifecycle_stage": "active"}}

    def experiments_create(self, body):
        self.experiments[body["name"]] = "7"
        return 200, {"experiment_id": "7"}

    def runs_search(self, body):
        assert {"experiment_ids", "filter", "max_results"} == set(body)
        return 200, {"runs": list(self.runs.values())} if self.runs else {}

    def runs_create(self, body):
        assert isinstance(body["start_time"], int)
        run = {"info": {"run_id": f"run-{len(self.runs) + 1}", "artifact_uri": "s3://bucket/x"}, "data": {}}
        self.runs[run["info"]["run_id"]] = run
        return 200, {"run": run}

    def runs_log_batch(self, body):
        assert len(body.get("params", [])) <= 100
        assert len(body.get("tags", [])) <= 100
        assert len(body.get("metrics", [])) <= 1000
        assert all(isinstance(metric["timestamp"], int) for metric in body.get("metrics", []))
        self.runs[body["run_id"]]["data"].setdefault("tags", []).extend(body.get("tags", []))
        return 200, {}

    def runs_set_tag(self, body):
        tags = self.runs[body["run_id"]]["data"].setdefault("tags", [])
        tags.append({"key": body["key"], "value": body["value"]})
        return 200, {}

    def runs_delete_tag(self, body):
        return 200, {}

    def runs_update(self, body):
        assert body["status"] in {"FINISHED", "KILLED"}
        return 200, {}
