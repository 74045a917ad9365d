"""The table of formats, and what has to be said before a model of each is loaded."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.errors import MissingExtra
from proctor.models import formats
from proctor.models.formats import FORMATS, Trust, format_of


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_each_has_its_file(form):
    """Each format has a file that is named like it, and an extra unless its library is always there."""
    assert importlib.util.find_spec(f"proctor.models.formats.{form.name}")
    pyproject = Path(__file__).parents[4].joinpath("pyproject.toml").read_text("utf-8")
    assert form.extra is None or re.search(rf'^{form.extra} = \["{form.library}>=', pyproject, re.MULTILINE)


def test_the_page_names_each():
    """The page on formats has a row for each, with endings, words of trust and the command that installs it."""
    page = Path(formats.__file__).parents[2].joinpath("docs/formats.md").read_text("utf-8")
    for form in FORMATS:
        endings = ", ".join(f"`{suffix}`" for suffix in form.suffixes)
        installed = f"`pip install 'proctor[{form.extra}]'`" if form.extra else "always there"
        row = re.search(rf"^\| {re.escape(form.title)} \| {re.escape(endings)} \| (.+) \| (.+) \|$", page, re.MULTILINE)
        assert row is not None, form.name
        assert installed == row[2]
        assert ("**yes**" in row[1]) == (form.trust is Trust.PICKLE)


@pytest.mark.parametrize(
    ("path", "name"),
    [("m.joblib", "joblib"), ("m.ONNX", "onnx"), ("a.onnx/m", "joblib"), ("m.bin", "joblib"), ("m.json", "xgboost")],
)
def test_format_of(path, name):
    """The ending tells the format, in small letters or large; any other one may be a pickle."""
    assert name == format_of(path).name


def test_require__says_what_installs_it():
    """A library that is not installed is named with the command that installs it."""
    absent = replace(format_of("m.onnx"), library="no_such_library")

    with pytest.raises(MissingExtra, match="ONNX needs the package no_such_library") as caught:
        absent.require()
    assert "pip install 'proctor[onnx]'" in caught.value.hint


@pytest.mark.parametrize(
    ("path", "trust", "problem"),
    [
        ("m.pkl", (), "must be `pickle`"),
        ("m.pkl", ("pickle", "a.B"), "must be `pickle`"),
        ("m.bin", (), "must be `pickle`"),
        ("m.onnx", ("pickle",), "means nothing for ONNX"),
        ("m.skops", ("pickle",), "lists types"),
    ],
)
def test_problem(path, trust, problem):
    """Trust is said where it is needed, and nowhere else."""
    assert problem in format_of(path).problem(trust)


@pytest.mark.parametrize(
    ("path", "trust"), [("m.pkl", ("pickle",)), ("m.onnx", ()), ("m.skops", ()), ("m.skops", ("a.B", "a.C"))]
)
def test_problem__none(path, trust):
    """Nothing is wrong with what is said as it should be."""
    assert "" == format_of(path).problem(trust)
