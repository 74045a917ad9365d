"""
The gate inside a test suite: the fixture ``proctor_check``.

Pytest loads this module in every project that has proctor installed, so nothing is imported here until a test asks.
A check is charged like any other; the same question asked again (a re-run, another worker) costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import ModuleType

    from proctor.release import Release

    ProctorCheck = Callable[..., Release]


class AsWritten:
    """
    Finder of our modules, ahead of pytest's.

    That one rewrites the assertions of every module of a distribution with a plugin, anew wherever no compiled modules
    are kept, and all that ours assert is for type checkers.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module as Python itself finds it, if it is ours."""
        return PathFinder.find_spec(name, path, target) if name.startswith("proctor.") else None


sys.meta_path.insert(0, AsWritten)


@pytest.fixture
def proctor_check(request: pytest.FixtureRequest) -> ProctorCheck:
    """
    Judge a candidate and fail the test if it fails, in the release's own sentences.

    ``proctor_check("proctor.yml")`` judges what the gate file declares and returns the `Release`. The keywords
    ``candidate``, ``baseline`` and ``labels`` name files in place of the gate file's; paths start at pytest's root.
    A refusal (labels missing, a fresh test set needed, …) fails the test as well, with its advice.
    """
    root = request.config.rootpath

    def check(
        gate: str | Path = ".",
        *,
        candidate: str | Path | None = None,
        baseline: str | Path | None = None,
        labels: str | Path | None = None,
        commit: str | None = None,
    ) -> Release:
        given = (None if path is None else str(root / path) for path in (labels, candidate, baseline))
        release = _judged(str(root / gate), tuple(given), commit, request.node)
        if release.exit_code:
            pytest.fail(_said(release), pytrace=False)
        return release

    return check


def _judged(gate: str, named: tuple[str | None, ...], commit: str | None, test: pytest.Item) -> Release:
    """The release of a check, told to the run store as from the command line; a refusal fails the test."""
    from proctor import service
    from proctor.errors import ProctorError
    from proctor.runtime import Runtime

    runtime = Runtime(remark=lambda sentence: test.add_report_section("call", "proctor", sentence))
    try:
        return service.check(service.load_gate(gate, service.Named(*named)), runtime, commit=commit)
    except ProctorError as error:
        raise pytest.fail.Exception(f"proctor: {error}", pytrace=False) from None


def _said(release: Release) -> str:
    from proctor.reports import sentences

    return "\n".join(
        (
            f"proctor: {sentences.verdict_word(release.verdict)}: {release.meaning}",
            f"{sentences.assurance(release)} ({sentences.grade(release)})",
            sentences.advice(release),
        )
    )
