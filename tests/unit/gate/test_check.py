"""One check, from a gate file to a release: what is paid for, what is free, and what is refused before anything is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from proctor.budget import open_account
from proctor.custody.retirement import retire
from proctor.errors import (
    BudgetSpent,
    ContractError,
    DataError,
    EvaluationPending,
    LabelsMissing,
    LedgerCorrupt,
    Misuse,
    ModelError,
    ProctorError,
    TestSetRetired,
    ToleranceOutOfReach,
)
from proctor.ledger.lives import step_of
from proctor.ledger.records import Evaluated, Pending
from proctor.release import Basis, Verdict
from proctor.runtime import Runtime

from .project import LABELS, Project

BETTER = {"predictions": "better.csv"}
AT_ONCE = "judging"
READING = "collecting the candidate's predictions"


class Died(BaseException):
    """The machine is gone: nothing is caught, and nothing is cleaned up."""


def dying() -> float:
    raise Died


def better(project: Project, **overrides: object) -> Project:
    """Have the gate file name another candidate, which is better still."""
    return project.model("better.csv", 20).gate(candidate=BETTER, **overrides)


def meanwhile(project: Project, moment: str, act: Callable[[], object]) -> tuple[Runtime, list[str]]:
    """Runtime in which somebody does *act*, once, when the check is at this *moment*; and what the check said."""
    left, said = [act], []

    def progress(sentence: str) -> None:
        said.append(sentence)
        if sentence == moment and left:
            left.pop()()

    return Runtime(dict(project.environ), progress=progress, pause=lambda _: None), said


# --- what is paid for ------------------------------------------------------------------------------------------------


def test_check__releases_what_is_in_the_ledger(project: Project) -> None:
    """The verdict is read back from its entry, which is the ledger's last."""
    release = project.check()

    entry = project.entries()[-1]
    assert (Verdict.PASS, Basis.JUDGED, 1, False) == (release.verdict, release.basis, release.step, release.replayed)
    assert ["registration", "evaluation"] == project.kinds()
    assert (entry.number, entry.hash, entry.at) == (release.entry, release.ledger_head, release.at)
    assert ("new.csv", "old.csv", "c" * 40) == (release.candidate, release.baseline, release.commit)


def test_check__each_level_follows_from_the_outcomes_before_it(project: Project) -> None:
    """The ledger alone says at which level each candidate was judged."""
    project.check()
    for number in (0, 1):
        project.model(f"{number}.csv", 150 + number).gate(candidate={"predictions": f"{number}.csv"}).check()

    session = project.session()
    contract = session.life(session.books()).registered.record.contract
    account = open_account(contract)
    for record in project.records(Evaluated):
        assert account.next_log_level(record.stakes) == pytest.approx(record.log_level, rel=1e-12)
        account = account.after(step_of(record, contract.mode))
    assert 3 == account.evaluations


def test_check__asked_anew_is_paid_for(project: Project) -> None:
    """Whoever passes over a recorded answer pays for one more evaluation."""
    project.check()

    release = project.check(asks_anew=True)

    assert (2, False) == (release.step, release.replayed)


def test_check__withheld_outcome_is_for_the_owner_alone(project: Project) -> None:
    """Under ``none`` the release does not depend on the outcome; the owner's record holds it."""
    project.gate(adaptivity="none", steps=5)
    passing = project.check()
    failing = project.model("worse.csv", 200).gate(
        adaptivity="none", steps=5, candidate={"predictions": "worse.csv"}
    ).check()  # fmt: skip

    assert [Verdict.WITHHELD] * 2 == [passing.verdict, failing.verdict]
    assert (passing.meaning, passing.exit_code) == (failing.meaning, failing.exit_code)
    written = (project.root / ".proctor/owner.jsonl").read_text().splitlines()
    assert ["pass", "fail"] == [line.split('"outcome": "')[1].split('"')[0] for line in written]


def test_check__fn_free_passes_what_it_cannot_tell(project: Project) -> None:
    """In ``fn-free`` only a proven violation fails."""
    assert (
        Verdict.PASS
        == project.model("new.csv", 160).gate(mode="fn-free", condition="n - o > 0 +/- 0.15").check().verdict
    )


# --- what is free ----------------------------------------------------------------------------------------------------


def test_check__recorded_answer_is_free(project: Project) -> None:
    """The same question gets the same answer, and nothing is written."""
    first, before = project.check(), project.entries()

    again = project.check()

    assert again.replayed
    assert first == replace(again, replayed=False, notes=first.notes)
    assert before == project.entries()


def retired(project: Project) -> None:
    retire(project.session(), "published")


def no_labels(project: Project) -> None:
    (project.root / "labels.csv").unlink()


def other_models(project: Project) -> None:
    project.gate(testset={"labels": "labels.csv", "features": "features.csv"}, power=0.9)


@pytest.mark.parametrize("change", [retired, no_labels, other_models])
def test_check__recorded_answer_is_given_to_the_last(project: Project, change: Callable[[Project], None]) -> None:
    """Neither the end of a test set nor labels that are gone take back what was answered."""
    project.features().check()
    change(project)
    before = project.entries()

    assert project.check().replayed
    assert before == project.entries()


def test_check__recorded_answer_outlasts_the_budget(project: Project) -> None:
    """A spent test set answers what it has answered."""
    project.gate(adaptivity="firstChange", steps=3).check()

    assert project.check().replayed


# --- the first candidate ---------------------------------------------------------------------------------------------


def test_check__first_candidate_is_accepted_unjudged(project: Project) -> None:
    """Without a baseline the first one becomes it: no label is asked for, and nothing is spent."""
    project.rows_of_labels([""] * len(LABELS)).gate(baseline=None)

    release = project.check()

    assert (Verdict.PASS, Basis.FIRST_ACCEPTED, 0) == (release.verdict, release.basis, release.step)
    assert ["registration", "adoption"] == project.kinds()
    assert 0 == release.budget.evaluations
    assert project.check().replayed


def test_check__second_candidate_is_compared_with_the_first(project: Project) -> None:
    """The accepted model is measured again, from the predictions that the gate has kept."""
    project.gate(baseline=None).check()

    release = better(project, baseline=None, condition="n - o > 0 +/- 0.15").check()

    assert (Basis.JUDGED, 1, "new.csv") == (release.basis, release.step, release.baseline)


def test_check__first_candidate_with_damaged_predictions_is_refused(project: Project) -> None:
    """What is accepted unjudged must at least be well formed; nothing is registered."""
    (project.root / "new.csv").write_text("id,prediction\ne0,1\n")

    with pytest.raises(DataError):
        project.gate(baseline=None).check()

    assert [] == project.kinds()


def test_check__first_candidate_is_judged_where_the_gate_file_says_so(project: Project) -> None:
    """`first: judge` asks the clauses on the new model alone."""
    project.gate(baseline=None, first="judge", condition="n > 0.7 +/- 0.1 and n - o > 0 +/- 0.1")

    release = project.check()

    assert ("n > 0.7 +/- 0.1", Basis.JUDGED, 1) == (release.condition, release.basis, release.step)


@pytest.mark.parametrize(("n_wrong", "verdict", "asked"), [(4, "pass", 0.1), (390, "fail", 0.3)])
def test_check__forecast_after_a_first_candidate(project: Project, n_wrong: int, verdict: str, asked: float) -> None:
    """Once a first candidate has passed, what the next evaluation can resolve is told of the whole condition."""
    project.model("new.csv", n_wrong)
    project.gate(baseline=None, first="judge", condition="n > 0.6 +/- 0.3 and n - o > 0 +/- 0.1")

    release = project.check()

    assert (verdict, asked) == (release.verdict, release.budget.asked_tolerance)


@pytest.mark.parametrize(("condition", "verdict"), [("n - o > -0.1 +/- 0.1", "pass"), ("n - o > 0.02 +/- 0.1", "fail")])
def test_check__condition_that_no_label_can_change(project: Project, condition: str, verdict: str) -> None:
    """Two models that hardly differ are not far apart: no label is asked for, and what labels say is the same."""
    project.model("new.csv", 42).model("old.csv", 40).rows_of_labels([""] * len(LABELS))

    release = project.gate(condition=condition).check()

    assert (verdict, Basis.JUDGED, 1) == (release.verdict, release.basis, release.step)
    assert not (project.root / ".proctor/requests").exists()
    project.labels(LABELS)
    assert (verdict, False) == ((again := project.check(asks_anew=True)).verdict, again.replayed)


# --- what is refused -------------------------------------------------------------------------------------------------


def checked(project: Project, **overrides: object) -> Project:
    project.gate(**overrides).check()
    return better(project, **overrides)


def changed_to(**overrides: object) -> Callable[[Project], Project]:
    """A gate file that says something else at its second check."""
    return lambda project: checked(project).gate(candidate=BETTER, **overrides)


def of_a_retired_set(project: Project) -> None:
    retired(checked(project))


def of_a_spent_set(project: Project) -> None:
    checked(project, adaptivity="firstChange", steps=3)


def of_labels_that_were_changed(project: Project) -> None:
    changed = LABELS.copy()
    changed[:3] = (changed[:3] + 1) % 10
    checked(project).labels(changed)


def of_a_test_set_that_is_known(project: Project) -> None:
    """A row more is no other test set."""
    checked(project)._table("labels.csv", "label", np.append(LABELS, 1))
    for name in ("better.csv", "old.csv"):
        project._table(name, "prediction", np.append(LABELS, 1))


def of_a_baseline_that_nobody_accepted(project: Project) -> None:
    checked(project).model("old.csv", 300)


def on_books_that_were_cut_back(project: Project) -> None:
    checked(project)
    (project.root / ".proctor/ledger.db").unlink()


def without_labels(project: Project) -> None:
    project.rows_of_labels([""] * len(LABELS))


REFUSED: dict[str, tuple[Callable[[Project], object], type[ProctorError]]] = {
    "retired": (of_a_retired_set, TestSetRetired),
    "spent": (of_a_spent_set, BudgetSpent),
    "out of reach": (changed_to(condition="n - o > 0 +/- 0.001"), ToleranceOutOfReach),
    "out of reach at first": (lambda project: project.gate(condition="n - o > 0 +/- 0.001"), ToleranceOutOfReach),
    "other labels": (of_labels_that_were_changed, DataError),
    "no labels": (without_labels, LabelsMissing),
    "a known set": (of_a_test_set_that_is_known, DataError),
    "reliability": (changed_to(reliability=0.99), ContractError),
    "mode": (changed_to(mode="fn-free"), ContractError),
    "owner's settings": (changed_to(sandbox="none"), ContractError),
    "a strange baseline": (of_a_baseline_that_nobody_accepted, ContractError),
    "no baseline": (lambda project: project.gate(baseline={"predictions": "nowhere.csv"}), DataError),
    "no candidate": (lambda project: project.gate(candidate={"predictions": "nowhere.csv"}), DataError),
    "half a candidate": (lambda project: (project.root / "new.csv").write_text("id,prediction\ne0,1\n"), DataError),
    "other books": (on_books_that_were_cut_back, LedgerCorrupt),
}


@pytest.mark.parametrize(("prepare", "error"), REFUSED.values(), ids=REFUSED)
def test_check__refused_spends_nothing(
    project: Project, prepare: Callable[[Project], object], error: type[ProctorError]
) -> None:
    """Whatever stops a check, the ledger is as it was."""
    prepare(project)
    before = project.kinds()

    with pytest.raises(error):
        project.check()

    assert before == project.kinds()


def test_check__crash_on_open_inputs_spends_nothing(project: Project) -> None:
    """Where anybody may see the inputs a crash tells nothing, and is free."""
    project.features().gate(
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"command": "false {features} {predictions}", "files": ["new.csv"]},
        sandbox="none",
    )

    with pytest.raises(ModelError):
        project.check()

    assert [] == project.kinds()


def test_check__stake_without_a_meaning_is_refused(project: Project) -> None:
    """The paper's policies have fixed levels."""
    project.gate(adaptivity="full", steps=4)

    with pytest.raises(Misuse, match="no meaning under `adaptivity: full`"):
        project.check(stake=0.5)

    assert [] == project.kinds()


# --- stakes ----------------------------------------------------------------------------------------------------------


def test_check__stake_is_in_the_ledger_before_anything_is_judged(project: Project) -> None:
    """When the clock of judging starts, the stake cannot be taken back any more."""
    seen: list[list[str]] = []

    def clock() -> float:
        seen.append(project.kinds())
        return time.monotonic()

    release = project.check(Runtime(dict(project.environ), clock=clock), stake=0.9)

    assert ["registration", "pending"] == seen[0]
    assert ["registration", "pending", "evaluation"] == project.kinds()
    (pending,), (evaluated,) = project.records(Pending), project.records(Evaluated)
    assert (pending.stake, pending.log_level) == (evaluated.stake, evaluated.log_level)
    assert ("staked 0.9 on a pass, declared before it was judged",) == release.notes


@pytest.mark.parametrize("named", [0.9, None])
def test_check__stake_of_a_machine_that_died_stands(project: Project, named: float | None) -> None:
    """The same question goes on with the stake that was declared, whatever is named now."""
    with pytest.raises(Died):
        project.check(Runtime(dict(project.environ), clock=dying), stake=0.25)
    assert ["registration", "pending"] == project.kinds()

    release = project.check(stake=named)

    assert ("staked 0.25 on a pass, declared before it was judged",) == release.notes
    assert ["registration", "pending", "evaluation"] == project.kinds()
    assert [2] == [record.pending for record in project.records(Evaluated)]


def test_check__stake_waits_for_one_that_has_begun(project: Project) -> None:
    """Of two stakes the second is not taken while the first is open."""
    with pytest.raises(Died):
        project.check(Runtime(dict(project.environ), clock=dying), stake=0.25)

    with pytest.raises(EvaluationPending, match="entry 2 of the ledger"):
        better(project).check(stake=0.5)

    assert ["registration", "pending"] == project.kinds()


# --- many at one ledger ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [READING, AT_ONCE], ids=["before registration", "after it"])
def test_check__second_of_two_is_decided_again(project: Project, moment: str) -> None:
    """Whoever comes second is judged at the level that the first has left, and registers nothing."""
    runtime, said = meanwhile(project, moment, lambda: better(project).check())

    release = project.check(runtime)

    first, second = project.records(Evaluated)
    assert ("better.csv", "new.csv", 2) == (first.candidate.source, second.candidate.source, release.step)
    assert first.log_level != second.log_level
    assert ["registration", "evaluation", "evaluation"] == project.kinds()
    assert 2 == said.count(moment)
    assert 1 == len(list((project.root / ".proctor/owner").glob("*.labels.npz")))


def test_check__same_question_at_once_is_judged_once(project: Project) -> None:
    """The second of two that ask the same is given the answer of the first."""
    runtime, _ = meanwhile(project, AT_ONCE, project.check)

    assert project.check(runtime).replayed
    assert 1 == len(project.records(Evaluated))


def test_check__stakes_at_once_do_not_share_a_level(project: Project) -> None:
    """A stake that comes second is recorded at the level that is left then."""
    runtime, _ = meanwhile(project, AT_ONCE, lambda: better(project).check(stake=0.5))

    project.check(runtime, stake=0.5)

    first, second = project.records(Evaluated)
    assert first.log_level != second.log_level
    assert ["registration", *["pending", "evaluation"] * 2] == project.kinds()


def test_check__retired_meanwhile_is_refused(project: Project) -> None:
    """What was in use when the check began, and is retired when it ends, is refused; nothing is spent."""
    runtime, _ = meanwhile(project, AT_ONCE, lambda: retired(project))

    with pytest.raises(TestSetRetired):
        project.check(runtime)

    assert ["registration", "retirement"] == project.kinds()
