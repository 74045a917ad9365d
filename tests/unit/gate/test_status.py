"""What is left of a test set, and its last verdicts: nothing is spent, and no label is read."""

from __future__ import annotations

import pytest

from proctor import gatefile
from proctor.custody.retirement import retire
from proctor.errors import ContractError
from proctor.gate.status import glance, status
from proctor.release import Basis, Status, Verdict
from proctor.runtime import Runtime

from .project import Project


def shown(project: Project, **how: int) -> Status:
    return status(gatefile.load(project.root), Runtime(dict(project.environ)), **how)


def glanced(project: Project) -> Status:
    return glance(gatefile.load(project.root), Runtime(dict(project.environ)))


def test_status__of_a_test_set_that_is_not_registered(project: Project) -> None:
    """The account is fresh, and looking at it registers nothing."""
    found = shown(project)

    assert ("not registered", 400, 0) == (found.testset.state, found.testset.n_examples, found.budget.evaluations)
    assert () == found.history
    assert [] == project.kinds()


def test_status__last_verdicts_in_order(project: Project) -> None:
    """Each verdict is a row with its step and entry; no more of them than were asked for."""
    project.gate(baseline=None).check()
    for number in (10, 300):
        name = f"{number}.csv"
        project.model(name, number).gate(baseline=None, candidate={"predictions": name}).check()

    rows = shown(project).history

    assert [Basis.FIRST_ACCEPTED, Basis.JUDGED, Basis.JUDGED] == [row.basis for row in rows]
    assert [(0, 2), (1, 3), (2, 4)] == [(row.step, row.entry) for row in rows]
    assert [None, "ada"] == [rows[0].log_level, rows[1].actor]
    assert rows[-1:] == shown(project, last=1).history
    assert Verdict.FAIL is rows[-1].verdict


def test_status__says_what_a_check_has_said(project: Project) -> None:
    """The budget of a release is the one that is shown afterwards."""
    release = project.check()

    found = shown(project)

    assert (release.budget, release.ledger_head, release.testset) == (found.budget, found.ledger_head, found.testset)


def test_status__reads_no_label(project: Project) -> None:
    """Where the examples are known by their features, labels are not looked at, nor models."""
    project.features().check()
    before = shown(project)
    (project.root / "labels.csv").write_text("this is not even read\n")
    (project.root / "new.csv").unlink()

    assert before == shown(project)


def test_status__of_a_retired_test_set(project: Project) -> None:
    """Its end is shown, with everything that it has answered."""
    project.check()
    retire(project.session(), "published")

    found = shown(project)

    assert ("retired", 1) == (found.testset.state, len(found.history))


def test_status__of_another_contract_is_refused(project: Project) -> None:
    """What a test set has left cannot be said under a contract that it does not have."""
    project.check()
    project.gate(reliability=0.99)

    with pytest.raises(ContractError, match=r"reliability: 0.99 \(registered with 0.999"):
        shown(project)


@pytest.mark.parametrize("many", [1, 1_000], ids=["from a checkpoint", "from the whole ledger"])
def test_glance__shows_the_account_that_status_shows(
    project: Project, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Reading on from the last glance gives the same account as reading everything."""
    monkeypatch.setattr("proctor.gate.status.MANY", many)
    project.environ["XDG_CACHE_HOME"] = str(project.root / "cache")
    project.check()
    first = glanced(project)
    project.check(asks_anew=True)

    second = glanced(project)

    assert (1, 2) == (first.budget.evaluations, second.budget.evaluations)
    assert shown(project) == second
    assert (many == 1) == (project.root / "cache/proctor/checkpoints").is_dir()
