"""Several conditions in one gate: each is asked and paid for, in order, and the enforced ones decide together."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from proctor import gatefile, service
from proctor.cli.check import check as check_command
from proctor.cli.plan import plan as plan_command
from proctor.cli.status import status as status_command
from proctor.cli.workflow import results
from proctor.errors import GateFileError, ToleranceOutOfReach
from proctor.gate import in_turn
from proctor.gate.check import How
from proctor.gatefile import NamedCondition
from proctor.ledger.checkpoint import checkpoint_of
from proctor.ledger.lives import lives
from proctor.ledger.records import Accepted, Adopted, Evaluated, from_body
from proctor.release import JointRelease, Release, Verdict
from proctor.runtime import Runtime

from .project import Project

BETTER, GOOD, GREAT = "n - o > 0 +/- 0.1", "n > 0.7 +/- 0.1", "n > 0.97 +/- 0.1"
INFORMS = {"condition": GREAT, "enforce": False}


class Died(BaseException):
    """The machine is gone: nothing is caught, and nothing is cleaned up."""


def asks(project: Project, candidate: str = "new.csv", **conditions: Any) -> Project:
    """Have the gate file ask for several conditions, in this order, and compare with the accepted candidate."""
    return project.gate(
        condition=None, conditions=conditions, baseline="accepted", candidate={"predictions": candidate}, steps=6
    )


def check(project: Project, runtime: Runtime | None = None, **how: Any) -> Release:
    gate = gatefile.load(project.root)
    return in_turn.check(gate, runtime or Runtime(dict(project.environ)), How(**how))


def started(project: Project, **conditions: Any) -> Project:
    """A project that has accepted its old model as the first one."""
    first = check(asks(project, "old.csv", **conditions))
    assert ("first accepted", 0) == (first.basis, first.step)
    return asks(project, **conditions)


def verdicts(release: Release) -> dict[str, str | None]:
    return {each.name: each.release.verdict.value if each.release else None for each in release.answers}


def accepted(project: Project) -> str:
    session = project.session()
    found = session.life(session.books()).accepted("proctor")
    assert found is not None
    return found.record.candidate.source


@pytest.fixture
def fair(project: Project) -> Project:
    """A project that asks for two things that its new model has shown."""
    return started(project, better=BETTER, good=GOOD)


def test_check__passes_when_all_pass(fair: Project) -> None:
    """Each condition is an evaluation; the candidate becomes the baseline by an entry that names them."""
    release = check(fair)

    assert (Verdict.PASS, 0, {"better": "pass", "good": "pass"}) == (
        release.verdict,
        release.exit_code,
        verdicts(release),
    )
    assert ["registration", "adoption", "evaluation", "evaluation", "acceptance"] == fair.kinds()
    assert ["better", "good"] == [record.part for record in fair.records(Evaluated)]
    assert [(3, 4)] == [record.verdicts for record in fair.records(Accepted)]
    assert "new.csv" == accepted(fair)


def test_check__recalls_each_answer(fair: Project) -> None:
    """The same question, asked again of what is the baseline now, is free for every condition."""
    first, before = check(fair), fair.entries()

    again = check(fair)

    assert again.replayed
    assert verdicts(first) == verdicts(again)
    assert before == fair.entries()
    assert all(each.replayed for each in again.each)


def test_check__acceptance_is_kept_by_a_checkpoint(fair: Project) -> None:
    """A reading that begins at a checkpoint finds the same baseline."""
    check(fair)
    entries = fair.entries()
    whole = lives(entries)

    kept = checkpoint_of(whole, entries[-1])

    (life,) = lives(kept.entries, kept.accounts).values()
    assert ["new.csv"] == [found.record.candidate.source for found in [life.accepted("proctor")] if found]


def test_check__stops_at_the_first_enforced_failure(project: Project) -> None:
    """What comes after is not asked and not paid for, and who passed a part of it is no baseline."""
    started(project, better=BETTER, great=GREAT, good=GOOD)

    release = check(project)

    assert (Verdict.FAIL, 1) == (release.verdict, release.exit_code)
    assert {"better": "pass", "great": "fail", "good": None} == verdicts(release)
    assert 2 == len(project.records(Evaluated))
    assert "`great`" in release.meaning
    assert any("not asked, and not charged" in note and "`good`" in note for note in release.notes)
    assert "old.csv" == accepted(project)


def test_check__a_part_makes_no_known_baseline(project: Project) -> None:
    """Predictions that have passed a part alone are not taken as a baseline that some gate has accepted."""
    check(started(project, better=BETTER, great=GREAT))
    session = project.session()

    known = {taken.record.candidate.source for taken in session.life(session.books()).accepted_ever("proctor")}

    assert {"old.csv"} == known


def test_check__what_only_informs_is_paid_for_and_decides_nothing(project: Project) -> None:
    """Its verdict is shown and charged; exit code and baseline do not depend on it, and a rerun is free."""
    started(project, great=INFORMS, better=BETTER)

    release = check(project)

    assert (Verdict.PASS, 0, {"great": "fail", "better": "pass"}) == (
        release.verdict,
        release.exit_code,
        verdicts(release),
    )
    assert any("for information only: `great`" in note for note in release.notes)
    assert (2, "new.csv") == (release.budget.evaluations, accepted(project))
    assert check(project).replayed
    assert 2 == len(project.records(Evaluated))


@pytest.mark.parametrize("moment", [1, 2])
def test_check__goes_on_where_it_was_killed(fair: Project, moment: int) -> None:
    """What was judged is recalled, the rest is judged against the same baseline, and the whole is accepted."""
    left = [moment]

    def dies(sentence: str) -> None:
        left[0] -= sentence == "judging"
        if left == [0] and sentence == "judging":
            raise Died

    with pytest.raises(Died):
        check(fair, Runtime(dict(fair.environ), progress=dies))
    assert moment - 1 == len(fair.records(Evaluated))

    release = check(fair)

    assert [moment > 1, False] == [each.replayed for each in release.each]
    assert (2, 1) == (len(fair.records(Evaluated)), len(fair.records(Accepted)))
    assert "new.csv" == accepted(fair)


def test_check__asked_anew_is_paid_for_condition_by_condition(fair: Project) -> None:
    """Recorded answers are passed over one by one; of the first model, too, which was accepted by none."""
    asks(fair, "old.csv", good="n > 0.2 +/- 0.1", least="n > 0.3 +/- 0.1")

    release = check(fair, asks_anew=True)

    assert ({"good": "pass", "least": "pass"}, 2) == (verdicts(release), len(fair.records(Evaluated)))
    assert ["good", "least"] == [record.part for record in fair.records(Evaluated)]
    check(fair, asks_anew=True)
    assert 4 == len(fair.records(Evaluated))


def test_check__a_stake_is_on_each_condition(fair: Project) -> None:
    """What is staked stands in the ledger before each is judged."""
    release = check(fair, stake=0.8)

    assert ["pending", "evaluation", "pending", "evaluation", "acceptance"] == fair.kinds()[2:]
    assert [0.8, 0.8] == [pytest.approx(each.stake, abs=1e-5) for each in release.each]


def test_check__accepts_by_recorded_answers(project: Project) -> None:
    """Once the condition that failed is gone, the recorded passes are enough, at no cost."""
    check(started(project, better=BETTER, great=GREAT))

    release = check(asks(project, better=BETTER))

    assert (True, "new.csv", 2) == (release.replayed, accepted(project), len(project.records(Evaluated)))


def test_check__recorded_passes_against_an_earlier_baseline_do_not_bring_a_model_back(project: Project) -> None:
    """A comparison with a baseline of the past makes nobody the baseline of today; the release says so."""
    check(started(project, better=BETTER, great=GREAT))
    project.environ["PROCTOR_COMMIT"] = "d" * 40
    check(asks(project.model("best.csv", 0), "best.csv", better=BETTER, great=GREAT))
    assert "best.csv" == accepted(project)
    project.environ["PROCTOR_COMMIT"] = "c" * 40

    release = check(asks(project, better=BETTER))

    assert "best.csv" == accepted(project)
    assert release.verdict is Verdict.FAIL or any("does not become the baseline" in note for note in release.notes)


def test_check__withheld_outcomes_end_nothing_early(project: Project) -> None:
    """Under ``none`` every condition is asked, whatever came of those before, and every commit is accepted."""

    def withheld(candidate: str) -> Project:
        return project.gate(
            condition=None,
            conditions={"great": GREAT, "better": BETTER},
            baseline="accepted",
            candidate={"predictions": candidate},
            adaptivity="none",
            steps=6,
        )

    check(withheld("old.csv"))

    release = check(withheld("new.csv"))

    assert {"great": "withheld", "better": "withheld"} == verdicts(release)
    assert (0, "new.csv") == (release.exit_code, accepted(project))


def test_check__refuses_before_anything_is_spent(project: Project) -> None:
    """A later condition that these examples cannot resolve is no reason to pay for an earlier one."""
    started(project, better=BETTER)

    with pytest.raises(ToleranceOutOfReach):
        check(asks(project, better=BETTER, fine="n > 0.8 +/- 0.001"))

    assert [] == project.records(Evaluated)


FINE = {"condition": "n > 0.8 +/- 0.001", "enforce": False}


@pytest.mark.parametrize("names", ["fine better", "better fine"])
def test_check__what_informs_and_is_out_of_reach_stops_nothing(project: Project, names: str) -> None:
    """It is told as such, and neither asked nor charged; the enforced ones are judged as if it were not there."""
    conditions = {"fine": FINE, "better": BETTER}
    started(project, **{name: conditions[name] for name in names.split()})

    release = check(project)

    assert (Verdict.PASS, {"fine": None, "better": "pass"}) == (release.verdict, verdicts(release))
    assert (1, "new.csv") == (len(project.records(Evaluated)), accepted(project))
    (fine,) = [each for each in release.answers if each.name == "fine"]
    assert fine.in_words.startswith("out of reach (informs only): n > 0.8")
    assert any(note.startswith("not judged, and not charged: `fine`, which only informs") for note in release.notes)
    assert not any(note.startswith("not asked") for note in release.notes)
    assert check(project).replayed


def test_check__what_informs_and_finds_the_budget_spent_stops_nothing(project: Project) -> None:
    """An enforced condition that takes the last of the budget has its outcome, whatever comes after it."""
    for candidate in ("old.csv", "new.csv"):
        project.gate(
            condition=None,
            conditions={"better": BETTER, "good": {"condition": GOOD, "enforce": False}},
            baseline="accepted",
            candidate={"predictions": candidate},
            adaptivity="none",
            steps=1,
        )
        release = check(project)

    assert {"better": "withheld", "good": None} == verdicts(release)
    assert any("budget of this test set is spent" in note for note in release.notes)
    assert "new.csv" == accepted(project)


def test_check__first_candidate_is_judged_by_what_can_be_asked(project: Project) -> None:
    """Under ``first: judge`` a condition on the baseline that only informs is left out."""
    project.gate(
        condition=None,
        conditions={"better": {"condition": BETTER, "enforce": False}, "good": GOOD},
        baseline="accepted",
        first="judge",
    )

    release = check(project)

    assert {"better": None, "good": "pass"} == verdicts(release)
    assert "new.csv" == accepted(project)


def test_judge__is_what_a_gate_with_one_condition_always_was(project: Project) -> None:
    """One condition: a plain release, and an entry without the field."""
    runtime = Runtime(dict(project.environ))
    release = service.judge(gatefile.load(project.root), runtime)

    assert not isinstance(release, JointRelease)
    assert all("part" not in entry.body for entry in project.entries())
    record = project.records(Evaluated)[0]
    assert record == from_body("evaluation", {**project.entries()[-1].body, "part": None})
    assert [] == project.records(Adopted)


def test_judge__takes_the_map(fair: Project) -> None:
    """The service asks every condition of a map, under the names of the file."""
    release = service.judge(gatefile.load(fair.root), Runtime(dict(fair.environ)))

    assert ["better", "good"] == [each.name for each in release.answers]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("conditions: {}", "must be a map of names, not an empty one"),
        ("conditions: [n > 0.8]", "must be a map of names, not a list"),
        ("conditions: {a b: n > 0.8}", "`a b` is no name"),
        ("conditions: {a: n >}", "something is missing"),
        ("conditions: {a: n > 0.8, a: n > 0.7}", "`a` is given twice"),
        ("conditions: {a: {condition: n > 0.8, enforce: maybe}}", "must be `true` or `false`"),
        ("conditions: {a: {condition: n > 0.8, enforced: false}}", "did you mean `enforce`?"),
        ("conditions: {a: {enforce: true}}", "`condition` is missing in `a`"),
        ("conditions: {a: {condition: n > 0.8, enforce: false}}", "no condition is enforced"),
        ("condition: n > 0.8, conditions: {a: n > 0.8}", "leave one of them out"),
        ("conditions: {a: n > 0.8, b: n > o}, adaptivity: firstChange, steps: 5", "the first pass ends the test set"),
        ("conditions: {a: n > 0.8, b: n > o}, first: judge", "in every enforced condition"),
        ("conditions: {a: n - o > 0 +/- 0.1}, labels: sequential", "for one condition"),
        ("mode: fp-free", "`condition` is missing"),
    ],
)
def test_loads__refuses_a_wrong_map(keys: str, said: str) -> None:
    """Every mistake is named at its place, and editors see those that a schema can tell."""
    text = f"{{testset: {{labels: y.csv}}, candidate: {{predictions: new.csv}}, {keys}}}"

    with pytest.raises(GateFileError) as refused:
        gatefile.loads(text)

    assert said in str(refused.value)
    beyond = ("something is missing", "given twice", "no condition is enforced", "in every enforced")
    assert any(each in said for each in beyond) or not Draft202012Validator(gatefile.json_schema()).is_valid(
        yaml.safe_load(text)
    )


@pytest.mark.parametrize("enforce", ["true", "false"])
def test_loads__takes_a_map(enforce: str) -> None:
    """Both forms of a condition are read in order, and the schema takes them."""
    text = (
        f"{{testset: {{labels: y.csv}}, candidate: {{predictions: new.csv}}, "
        f"conditions: {{b: n > 0.8, a-1: {{condition: n > o, enforce: {enforce}}}}}}}"
    )

    gate = gatefile.loads(text)

    assert (NamedCondition("b", "n > 0.8"), NamedCondition("a-1", "n > o", enforce == "true")) == gate.named
    assert Draft202012Validator(gatefile.json_schema()).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("great", [GREAT, GOOD], ids=["fails", "passes"])
def test_recorded__has_all_conditions(project: Project, great: str) -> None:
    """A job that only posts the verdict tells what came of every condition, as the one that judged."""
    release = check(started(project, better=BETTER, great=great, lean={"condition": "d < 0.1", "enforce": False}))

    told = results.recorded(
        results.Named(release.testset.fingerprint, release.entry), gatefile.load(project.root), "c" * 40
    )

    assert (release.verdict, release.meaning, release.entry) == (told.verdict, told.meaning, told.entry)
    assert verdicts(release) == verdicts(told)
    assert release.notes == told.notes


# --- the commands ----------------------------------------------------------------------------------------------------


COMMANDS = {"plan": plan_command, "status": status_command, "check": check_command}


def run(project: Project, monkeypatch: pytest.MonkeyPatch, command: str, *options: str) -> tuple[int, str]:
    """Run a command in the project's folder; gives exit code and standard output."""
    monkeypatch.chdir(project.root)
    done = CliRunner(env=project.environ).invoke(COMMANDS[command], list(options), standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value or 0, done.stdout


def test_plan__is_for_all(fair: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most demanding condition's plan is shown, the needs of the others beside it, and what a commit takes."""
    asks(fair, good=GOOD, fine="n > 0.8 +/- 0.02")

    code, text = run(fair, monkeypatch, "plan", "--json")

    content = json.loads(text)
    assert (0, "n > 0.8 +/- 0.02") == (code, content["condition"])
    assert any(f"{content['examples']:,} examples" in note and "`fine`" in note for note in content["notes"])
    assert any("takes up to 2 of the 6 steps" in note for note in content["notes"])
    alone = json.loads(run(asks(fair, good=GOOD), monkeypatch, "plan", "--json")[1])
    assert alone["examples"] < content["examples"]


def test_status__names_them_in_order(fair: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state of the account says what a commit takes of it, and which conditions only inform."""
    asks(fair, great=INFORMS, good=GOOD)

    code, text = run(fair, monkeypatch, "status", "--json")

    assert 0 == code
    assert any("up to 2 evaluations" in note and "`great` (informs only)" in note for note in json.loads(text)["notes"])


def test_check__tells_each(fair: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is that of what is enforced, the JSON lists all, and JUnit has a case for each."""
    asks(fair, great=INFORMS, good=GOOD)

    code, text = run(fair, monkeypatch, "check", "--json", "--junit", "junit.xml", "--sarif", "alerts.sarif")

    said = {each["name"]: each["release"]["verdict"] for each in json.loads(text)["conditions"]}
    assert (0, {"great": "fail", "good": "pass"}) == (code, said)
    assert 2 == (fair.root / "junit.xml").read_text().count("<testcase")
    again = run(fair, monkeypatch, "check", "--if-changed", "--json")
    assert (0, True) == (again[0], json.loads(again[1])["replayed"])


def test_check__if_changed_asks_nothing_of_the_first_model(fair: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is the baseline is not compared with itself, condition by condition, at a price."""
    before = fair.kinds()

    code, text = run(
        asks(fair, "old.csv", better=BETTER, other="d < 0.5 +/- 0.1"), monkeypatch, "check", "--if-changed"
    )

    assert (0, before) == (code, fair.kinds())
    assert "nothing to judge" in text
