"""The examples of the documentation say what the code returns, in every module."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import proctor
from proctor.errors import MissingExtra

MODULES = [found.name for found in pkgutil.walk_packages(proctor.__path__, "proctor.") if found.name[-8:] != "__main__"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    """Every example runs and gives what it says; what is at home in a tool that is not installed is left out."""
    try:
        module = importlib.import_module(name)
    except MissingExtra as missing:
        pytest.skip(missing.message)
    assert 0 == doctest.testmod(module).failed
