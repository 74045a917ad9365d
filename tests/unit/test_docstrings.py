"""The examples of the documentation say what the code returns, in every module."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import proctor

MODULES = [found.name for found in pkgutil.walk_packages(proctor.__path__, "proctor.") if found.name[-8:] != "__main__"]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    """Every example runs and gives what it says."""
    assert 0 == doctest.testmod(importlib.import_module(name)).failed
