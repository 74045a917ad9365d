"""Handing on what a test set has left: by one append, whoever else is at work on any kind of ledger."""

from __future__ import annotations

import pytest
from gate.project import Project, start
from ledger.places import make_place, running_postgresql

from proctor import gatefile
from proctor.custody.succession import Wish, register
from proctor.errors import AccountHandedOn, ContractError, EvaluationPending, Misuse, ToleranceOutOfReach
from proctor.gate.check import check as judge
from proctor.gate.needs import next_set_hint
from proctor.gate.session import Session, Stance
from proctor.ledger.lives import lives
from proctor.ledger.records import Evaluated, Registered
from proctor.runtime import Runtime

from .test_succession import renewed


@pytest.fixture(scope="module")
def server():
    with running_postgresql() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql", "git"])
def shared(request, tmp_path) -> Project:
    """A project whose books are in each kind of place, with one verdict in them."""
    address = request.getfixturevalue("server") if request.param == "postgresql" else ""
    place = make_place(request.param, tmp_path, address)
    project = start(place.root)
    project.gate(ledger=place.location)
    project.check()
    return project


def renewal(project: Project, ledger: str):
    """What registers the heir, whenever it is called, as another job would."""
    old = (project.root / "proctor.yml").read_text()
    renewed(project, "two")
    content = (project.root / "proctor.yml").read_text()
    (project.root / "proctor.yml").write_text(f"{content}ledger: {ledger}\n")
    gate = gatefile.load(project.root)
    (project.root / "proctor.yml").write_text(old)
    session = Session(gate=gate, runtime=Runtime(project.environ), stance=Stance.OWNER)
    return lambda: register(session, Wish(follows=True, baseline=project.root / "two-present.csv"))


def test_renew__while_an_evaluation_is_being_judged(shared):
    """The heir is registered first, so the verdict that was made meanwhile is not recorded: nothing is spent twice."""
    gate = gatefile.load(shared.model("third.csv", 10).root)
    renew, waiting = renewal(shared, gate.ledger), ["heir"]

    def come_between(sentence: str) -> None:
        if sentence == "judging" and waiting:
            waiting.clear()
            renew()

    shared.gate(candidate={"predictions": "third.csv"}, ledger=gate.ledger)
    with pytest.raises(AccountHandedOn, match="was handed on to test set"):
        judge(gatefile.load(shared.root), Runtime(shared.environ, progress=come_between))

    entries = shared.session().ledger.read()
    assert 1 == sum(entry.kind == Evaluated.kind for entry in entries)
    old, new = lives(entries).values()
    assert old.account.log_budget == new.earlier.log_budget


def test_renew__after_a_verdict_that_came_between(shared):
    """The verdict is recorded first, so the heir starts with what it left, though that was decided on older books."""
    gate = gatefile.load(shared.model("third.csv", 10).root)
    renew = renewal(shared, gate.ledger)
    shared.gate(candidate={"predictions": "third.csv"}, ledger=gate.ledger)
    shared.check()

    renew()

    entries = shared.session().ledger.read()
    assert [Evaluated.kind, Evaluated.kind] == [entry.kind for entry in entries if entry.kind == Evaluated.kind]
    old, new = lives(entries).values()
    assert 2 == old.account.evaluations
    assert old.account.log_budget == new.earlier.log_budget


def test_renew__while_an_evaluation_has_begun(project):
    """An evaluation that has begun will be charged to the old set, so nothing is handed on before it has ended."""
    project.check()
    session = project.begin()
    renewed(project, "two")

    with pytest.raises(EvaluationPending, match="has begun and not ended"):
        register(project.session(), Wish(follows=True, baseline=project.root / "two-present.csv"))
    assert 1 == sum(entry.kind == Registered.kind for entry in session.ledger.read())


def test_renew__nothing_left(project):
    """A set that has spent all has nothing to hand on; its successor's budget is declared."""
    project.gate(stakes="guaranteed", steps=1, passes=1).model("new.csv", 160)
    assert "fail" == project.check().verdict
    renewed(project, "two")
    wish = {"follows": True, "baseline": project.root / "two-present.csv"}

    with pytest.raises(Misuse, match="nothing to hand on") as caught:
        register(project.session(), Wish(**wish))
    assert "--reliability 0.999" in caught.value.hint
    assert not register(project.session(), Wish(**wish, own_reliability=0.999)).life.registered.record.inherits


def test_renew__policy_of_the_paper_leaves_nothing_to_hand_on(project):
    """Levels that are fixed are no code, so the successor has a budget of its own, as ever."""
    project.gate(adaptivity="full", steps=5)
    project.check()
    renewed(project, "two")

    done = register(project.session(), Wish(follows=True, baseline=project.root / "two-present.csv"))

    assert not done.life.registered.record.inherits
    assert 0.002 == pytest.approx(done.lineage.error_sum)


def test_hint__next_set_is_planned_for_what_is_left(project):
    """An heir needs more examples than a first set, since it is tested at what the first has left."""
    project.check()
    project.model("third.csv", 10).gate(candidate={"predictions": "third.csv"}, condition="n - o > 0 +/- 0.05")

    with pytest.raises(ToleranceOutOfReach) as caught:
        project.check()

    session = project.session()
    assert caught.value.hint == next_set_hint(session.gate, session.books().life)
    assert caught.value.hint != next_set_hint(session.gate, None)


def test_check__a_set_in_passing_is_refused_where_heirs_follow_one_another(project):
    """A set that is only exchanged would have a δ of its own beside the project's; the owner says so, or renews."""
    project.check()
    renewed(project, "two")
    register(project.session(), Wish(follows=True, baseline=project.root / "two-present.csv"))
    renewed(project, "new")
    for what in ("labels", "present"):
        (project.root / f"new-{what}.csv").replace(project.root / f"two-{what}.csv")
    project.gate(baseline=None, testset={"labels": "two-labels.csv"}, candidate={"predictions": "two-present.csv"})

    with pytest.raises(ContractError, match="a reliability for the whole project"):
        project.check()
    with pytest.raises(ContractError, match="a reliability for the whole project"):
        register(project.session(), Wish(follows=False))
