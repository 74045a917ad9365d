"""Releases and states as JSON, and back; the schema of both."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from proctor.release import Release, Status
from proctor.reports import json as rendering

from .samples import make_budget, make_release, make_status

PROMISED = {"verdict", "exit_code", "condition", "step", "replayed", "ledger_head", "inputs", "budget"}
BUDGET = {
    "evaluations",
    "passes",
    "evaluations_left",
    "passes_left",
    "leakage_bits",
    "next_level_log",
    "next_tolerance",
}
CASES = {
    "release": (Release, make_release()),
    "nulls": (Release, make_release(commit=None, budget=make_budget(next_level_log=None, passes=None, bits_left=None))),
    "feedback": (Release, make_release(feedback="n - o ≈ 0.02", notes=("one", "two"), sandbox="landlock")),
    "status": (Status, make_status()),
    "fresh status": (Status, make_status("")),
    "withheld": (Status, make_status("www")),
}


@pytest.mark.parametrize(("kind", "public"), CASES.values(), ids=CASES)
def test_render__follows_its_schema(kind, public):
    """What is printed is what the published schema says."""
    schema = rendering.schema(kind)
    Draft202012Validator.check_schema(schema)

    Draft202012Validator(schema).validate(json.loads(rendering.render(public)))


@pytest.mark.parametrize("kind", [Release, Status])
def test_schema__refuses_what_is_not_promised(kind):
    """A further key, or a missing one, is not what the schema describes."""
    whole = json.loads(rendering.render(make_release() if kind is Release else make_status()))
    validator = Draft202012Validator(rendering.schema(kind))

    with pytest.raises(ValidationError):
        validator.validate({**whole, "wins": 160})
    with pytest.raises(ValidationError):
        validator.validate({key: value for key, value in whole.items() if key != "budget"})


def test_render__has_the_keys_that_others_rely_on():
    """The keys of issue 3 are there, under their names."""
    whole = json.loads(rendering.render(make_release()))

    assert whole.keys() >= PROMISED
    assert whole["budget"].keys() >= BUDGET
    assert json.loads(rendering.render(make_status()))["budget"].keys() >= BUDGET


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_render__no_number_that_json_does_not_know(value):
    """NaN and infinities are no JSON; they are refused, not printed."""
    with pytest.raises(ValueError, match="JSON"):
        rendering.render(make_release(budget=make_budget(leakage_bits=value)))
