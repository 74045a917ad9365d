"""The published JSON Schema and the reader say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from proctor import gatefile
from proctor.cli.schema import schema
from proctor.errors import GateFileError

VALIDATOR = Draft202012Validator(gatefile.json_schema())

MINIMAL: dict[str, Any] = {
    "condition": "n > 0.8 +/- 0.01",
    "testset": {"labels": "y.csv", "features": "x.csv"},
    "candidate": {"predictions": "new.csv"},
}

MODEL = {"model": "m.pkl", "trust": "pickle"}
TABLE = {"labels": "y.parquet", "engine": "duckdb"}
SEALED = {"labels": "y.csv", "features": "x.csv", "inputs": "sealed"}

ACCEPTED = [
    {},
    {"reliability": 0.99, "power": 0.8, "mode": "fn-free", "steps": 4, "passes": 4, "stakes": "guaranteed"},
    {"adaptivity": "none -> a@example.com", "steps": 4},
    {"candidate": {"model": "m.pkl", "trust": "pickle", "timeout": 1.5}},
    {"candidate": {"model": "m.bin", "trust": ["pickle"]}},
    {"candidate": {"model": "m.onnx"}},
    {"candidate": {"model": "m.ONNX"}},
    {"candidate": {"model": "m.skops"}},
    {"candidate": {"model": "m.skops", "trust": "package.Type"}},
    {"candidate": {"model": "m.skops", "trust": ["package.Type", "package.Other"]}},
    {"candidate": {"model": "m.json"}},
    {"candidate": {"model": "models:/fraud@challenger"}, "baseline": {"model": "models:/fraud@champion"}},
    {"candidate": {"model": "models:/fraud/7", "trust": "pickle", "timeout": 9}},
    {"candidate": {"model": "runs:/4f2a/model", "trust": ["package.Type"]}},
    {"baseline": {"model": "models:/fraud/7", "trust": "pickle"}, "testset": {"labels": "y.csv", "features": "x.csv"}},
    {"candidate": {"command": "p {features} {predictions}", "files": ["p"]}},
    {"candidate": {"command": "p -o {predictions} {features}"}},
    {"baseline": {"revision": "main"}, "first": "judge"},
    {"baseline": {"predictions": "old.csv", "prediction": "guess"}},
    {"runstore": "http://127.0.0.1:5000"},
    {"runstore": {"url": "http://127.0.0.1:5000", "experiment": "e"}},
    {"feedback": "three-way"},
    {"feedback": {"estimate": {"of": "n", "from": 0, "to": 1, "step": 0.5, "probabilities": [0.5, 0.25, 0.25]}}},
    {"testset": {"labels": "y.csv", "classes": ["a", 1]}},
    {"notify": {"webhook": "https://chat.example.com/hooks/1", "mail": "owner@example.com"}},
    {"notify": {"mail": "owner@example.com"}},
    {"ledger": "books/a b.db"},
    {"ledger": "postgresql://exam@db/books"},
    {"ledger": "git:https://host/repo.git/ledger"},
    {"ledger": "git:up#team/ledger"},
    {"baseline": {"revision": "HEAD~1"}},
    {"adaptivity": "firstChange", "steps": 7, "passes": 1},
    {"adaptivity": "recycling", "passes": 3, "stakes": "guaranteed"},
    {"bound": "exact", "power": 0.9},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "sandbox": "required"},
    {"sandbox": {"tier": "required", "devices": ["/dev/nvidia0", "/dev/dri"], "folders": ["/usr/local/cuda", "/a/"]}},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "sandbox": {"devices": ["/dev/..a"]}},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "slot": 5},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "slot": {"seconds": 5, "most": 8, "chance": 0.9}},
    {"name": "a b " * 25},
    {"testset": {"labels": "y", "metadata": "m.csv", "cluster": "who"}},
    {"testset": {**SEALED, "metadata": "m.csv", "cluster": "who"}, "candidate": {**MODEL}},
    {"testset": {**TABLE}},
    {"testset": {**TABLE, "metadata": "m.parquet"}, "condition": "every region: n > 0.8"},
    {"testset": {**TABLE}, "baseline": {"predictions": "old.parquet"}, "labels": "all", "condition": "n - o > 0"},
    {"labels": "all", "feedback": "three-way"},
    {"labels": "sequential", "condition": "n - o > 0", "feedback": "none", "bound": "exact"},
    {"owner": {"key": "k"}, "sandbox": "required", "bound": "exact", "disagreement": 1, "name": "x"},
]

REFUSED = [
    {"testset": {**TABLE, "features": "x.csv"}},
    {"testset": {**TABLE, "inputs": "sealed"}},
    {"testset": {**TABLE, "engine": "dask"}},
    {"testset": {**TABLE}, "candidate": {"model": "m.onnx"}},
    {"testset": {**TABLE}, "baseline": {"revision": "main"}},
    {"testset": {**TABLE}, "labels": "sequential"},
    {"testset": {**TABLE}, "stakes": "informed"},
    {"testset": {**TABLE}, "development": {"labels": "dev.csv"}},
    {"labels": "y.csv"},
    {"labels": "sequential", "condition": "n - o > 0", "feedback": "three-way"},
    {"testset": {"labels": "y", "cluster": "who"}},
    {"labels": "sequential", "condition": "n - o > 0 +/- 0.1", "bound": "bennett"},
    {"labels": "sequential", "condition": "n - o > 0", "testset": {"labels": "y", "features": "x", "cluster": "who"}},
    {"labels": "sequential", "condition": "n - o > 0", "testset": {**SEALED}, "candidate": {**MODEL}},
    {"slot": 5},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "slot": 0},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "slot": {"chance": 1}},
    {"testset": {**SEALED}, "candidate": {**MODEL, "timeout": 3}, "slot": 5},
    {"reliability": 1},
    {"reliability": "0.9"},
    {"reliability_": 0.9},
    {"mode": True},
    {"steps": 1.5},
    {"steps": 0},
    {"adaptivity": "none -> nobody"},
    {"candidate": {}},
    {"candidate": {"predictions": "a", "model": "b"}},
    {"candidate": {"predictions": "a", "trust": "pickle"}},
    {"candidate": {"command": "p"}},
    {"candidate": None},
    {"baseline": "rejected"},
    {"baseline": {"revision": "main", "predictions": "a"}},
    {"testset": {"features": "x"}},
    {"testset": {"labels": "y", "classes": []}},
    {"testset": {"labels": "y", "classes": [True]}},
    {"notify": {"mail": "nobody"}},
    {"notify": {"webhook": "chat.example.com"}},
    {"notify": "owner@example.com"},
    {"runstore": "localhost"},
    {"feedback": {"estimate": {"of": "n"}}},
    {"name": " "},
    {"name": "x" * 101},
    {"name": "a\nb"},
    {"ledger": "mysql://host/db"},
    {"ledger": "git:ledger"},
    {"baseline": {"revision": "--upload-pack=x"}},
    {"candidate": {"model": "models:/fraud"}},
    {"candidate": {"model": "runs:/4f2a"}},
    {"candidate": {"model": "models:/fraud/7", "trust": "joblib"}},
    {"candidate": {"model": "models:/fraud/7", "files": ["a.py"]}},
    {"candidate": {"model": "models:/fraud/7"}, "baseline": {"revision": "main"}},
    {"candidate": {"model": "models:/fraud/7"}, "testset": {"labels": "y.csv"}},
    {"baseline": {"model": "models:/fraud/7"}, "testset": {"labels": "y.csv"}},
    {"baseline": {"model": "m.onnx"}},
    {"baseline": {"model": "models:/fraud/7", "trust": "joblib"}, "testset": {"labels": "y.csv", "features": "x.csv"}},
    {"candidate": {"model": "m.pkl"}},
    {"candidate": {"model": "m.bin"}},
    {"candidate": {"model": "m.pkl", "trust": "joblib"}},
    {"candidate": {"model": "m.pkl", "trust": ["pickle", "package.Type"]}},
    {"candidate": {"model": "m.onnx", "trust": "pickle"}},
    {"candidate": {"model": "m.onnx", "trust": []}},
    {"candidate": {"model": "m.skops", "trust": "pickle"}},
    {"candidate": {"model": "m.skops", "trust": ["package.Type", "Type"]}},
    {"adaptivity": "full"},
    {"adaptivity": "none -> a@example.com"},
    {"adaptivity": "full", "steps": 7, "stakes": "adaptive"},
    {"adaptivity": "none", "steps": 7, "passes": 1},
    {"adaptivity": "firstChange", "steps": 7, "passes": 2},
    {"bound": "bennett", "power": 0.9},
    {"candidate": {"model": "m.pkl", "trust": "pickle"}, "testset": {"labels": "y.csv"}},
    {"candidate": {"command": "p {features} {predictions}"}, "testset": {"labels": "y.csv"}},
    {"testset": {"labels": "y.csv", "inputs": "sealed"}},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "sandbox": "none"},
    {"testset": {**SEALED}, "candidate": {**MODEL}, "sandbox": {"tier": "none"}},
    {"sandbox": {"tier": "some"}},
    {"sandbox": {"devices": []}},
    {"sandbox": {"devices": ["/dev"]}},
    {"sandbox": {"devices": ["/dev/../x"]}},
    {"sandbox": {"devices": ["/dev/dri/"]}},
    {"sandbox": {"folders": ["cuda"]}},
    {"sandbox": {"folders": ["/"]}},
    {"sandbox": {"folders": ["/opt/./cuda"]}},
    {"sandbox": {"gpu": True}},
]


def is_accepted(content: dict[str, Any]) -> bool:
    try:
        gatefile.loads(yaml.safe_dump(content))
    except GateFileError:
        return False
    return True


def test_json_schema__is_one():
    """The schema is itself valid under draft 2020-12."""
    Draft202012Validator.check_schema(gatefile.json_schema())


@pytest.mark.parametrize("keys", ACCEPTED, ids=json.dumps)
def test_json_schema__accepts_what_is_read(keys):
    """What the reader takes, the schema takes."""
    content = {**MINIMAL, **keys}

    assert is_accepted(content)
    assert [] == [error.message for error in VALIDATOR.iter_errors(content)]


@pytest.mark.parametrize("keys", REFUSED, ids=json.dumps)
def test_json_schema__refuses_what_is_refused(keys):
    """What one key makes wrong, alone or beside another, the schema refuses as the reader does."""
    content = {**MINIMAL, **keys}

    assert not is_accepted(content)
    assert not VALIDATOR.is_valid(content)


def keys_of(node: Any) -> list[dict[str, Any]]:
    """Every property of the schema, at every depth."""
    if isinstance(node, list):
        return [key for item in node for key in keys_of(item)]
    if not isinstance(node, dict):
        return []
    properties = node.get("properties", {})
    below = [value for name, value in node.items() if name != "allOf"]  # rules between keys describe none
    return [*properties.values(), *(key for value in below for key in keys_of(value))]


def test_json_schema__describes_every_key():
    """Editors can show a sentence for every key at every depth."""
    assert [] == [key for key in keys_of(gatefile.json_schema()) if "." not in key.get("description", "")]


def test_json_schema__defaults_are_accepted():
    """Every default that the schema names at the top is what the reader takes if the key is left out."""
    defaults = {
        key: value["default"] for key, value in gatefile.json_schema()["properties"].items() if "default" in value
    }

    assert gatefile.loads(yaml.safe_dump(MINIMAL)) == gatefile.loads(yaml.safe_dump({**MINIMAL, **defaults}))
    assert {"reliability", "mode", "adaptivity", "stakes", "bound", "steps", "passes"} <= defaults.keys()


def test_schema__prints_it():
    """`proctor schema` prints the schema as JSON."""
    result = CliRunner().invoke(schema, [])

    assert (0, gatefile.json_schema()) == (result.exit_code, json.loads(result.output))
