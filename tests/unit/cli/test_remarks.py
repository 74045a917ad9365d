"""Remarks beside a report: what `check` says on standard error, the commands that look before it say, too."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from gate.project import LABELS, Project, start

from proctor.cli.check import check
from proctor.cli.hook import run
from proctor.cli.preflight import preflight
from proctor.cli.status import status


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in the present folder, whose candidate's predictions have no ids."""
    for name, value in (("PROCTOR_COMMIT", "c" * 40), ("PRE_COMMIT", "1"), ("PRE_COMMIT_TO_REF", "c" * 40)):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    project = start(tmp_path)
    np.savetxt(tmp_path / "new.csv", LABELS, "%d", header="prediction", comments="")
    return project


def call(command: Callable[..., object], *words: str) -> Result:
    result = CliRunner().invoke(command, words)  # type: ignore[arg-type]  # every command is one of click's
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


NOTE = "note: the predictions of new.csv were matched by their order, because they have no ids"


@pytest.mark.parametrize("words", [(preflight,), (preflight, "--json"), (run,), (check,)])
def test_notes__of_predictions(project: Project, words: tuple) -> None:
    """They may belong to other rows: who looks before a check is told, once, and out of the report's way."""
    command, *options = words

    result = call(command, *options)

    assert 1 == result.stderr.count(NOTE)
    assert NOTE not in result.stdout


@pytest.mark.parametrize("command", [status, preflight, run])
def test_notes__of_books_that_begin_again(project: Project, command) -> None:
    """What is left looks like a fresh budget, and is none."""
    call(check)
    assert "begins again" not in call(command).stderr

    shutil.rmtree(project.root / ".proctor")

    assert 1 == call(command).stderr.count("begins again")


def test_notes__informed_stakes_without_development_data(project: Project) -> None:
    """A preflight says what the check would: the stake is made of earlier outcomes alone."""
    project.gate(stakes="informed")

    said = "note: `stakes: informed` without development data is `adaptive`"
    assert [1, 1] == [call(command).stderr.count(said) for command in (preflight, check)]


def test_hook__takes_predictions_on_the_gate_file_s_development_data(project: Project) -> None:
    """As the preflight does: without them nothing is known of a candidate that the gate file has none for."""
    ids = [f"d{place}" for place in range(len(LABELS))]
    for name, column in (("dev.csv", "label"), ("dev-new.csv", "prediction"), ("dev-old.csv", "prediction")):
        values = (LABELS + (name == "dev-old.csv") * (np.arange(len(LABELS)) < 160)) % 10
        rows = [f"{one},{value}" for one, value in zip(ids, values, strict=True)]
        (project.root / name).write_text("\n".join([f"id,{column}", *rows]))
    project.gate(development={"labels": "dev.csv", "baseline": "dev-old.csv"})

    assert "what the candidate predicts on the development data is not known" in call(run).stderr
    assert "over 98 %" in call(run, "--development-candidate", "dev-new.csv").stderr
