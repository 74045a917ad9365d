"""Ending what is stuck: charged like a crash, and not to be told from a judged outcome (theory.md §4.3.4)."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from proctor.cli import testset as commands
from proctor.custody.abandonment import abort
from proctor.custody.corrections import correct
from proctor.custody.outcomes import open_outcomes
from proctor.custody.retirement import retire
from proctor.custody.succession import Wish, register
from proctor.errors import EvaluationPending, Misuse
from proctor.ledger.records import Pending
from proctor.ledger.submissions import Submission


def stuck(project, **overrides):
    """A registered set on which an evaluation has begun and not ended."""
    project.gate(**overrides)
    register(project.session(), Wish(follows=False))
    session = project.session()
    books = session.books()
    gate, life = session.gate, session.life(books)
    level = life.account.next_log_level(gate.stakes)
    record = Pending(
        testset=session.testset.fingerprint,
        condition=gate.condition,
        candidate=Submission("d" * 64, "python new.py", "c" * 40),
        baseline=Submission("e" * 64, "python old.py"),
        stakes=gate.stakes,
        log_level=level,
        bound="exact",
        origin=session.origin,
    )
    session.append(record, books.head)
    return project


@pytest.mark.parametrize(("mode", "outcome", "proofs"), [("fp-free", "fail", 0), ("fn-free", "pass", 0)])
def test_abort__is_charged_as_a_crash(project, mode, outcome, proofs):
    """FAIL, in fn-free PASS: the outcome that needs no proof; the step counts, and the set is free again."""
    stuck(project, mode=mode)

    ended = abort(project.session())

    life = project.session().life(project.session().books())
    assert (outcome, "judged") == (ended.record.outcome, ended.record.basis)
    assert (1, proofs, None) == (life.account.evaluations, life.account.proofs, life.open_pending)
    assert ended.record.log_level == pytest.approx(project_level(project, mode))
    with pytest.raises(Misuse, match="no evaluation is pending"):
        abort(project.session())


def project_level(project, mode):
    """The level of a first evaluation: a fifth of the error probability."""
    account = project.session().books().account(project.session().gate).contract
    return account.log_error_probability - 1.6094379124341003


def test_abort__from_the_command_line(project):
    """The owner is told which entry was ended, how, and where that is recorded."""
    pending = stuck(project).session().ledger.read()[-1].number

    said = CliRunner().invoke(commands.testset, ["abort", str(project.root), "--json"], standalone_mode=False)

    assert 0 == said.return_value, said.exception
    assert {"pending": pending, "outcome": "fail", "entry": pending + 1} == json.loads(said.output)


def test_abort__is_withheld_under_none(project):
    """Under none an aborted evaluation is withheld like any other; the owner can read what it was."""
    stuck(project, adaptivity="none", steps=4)

    ended = abort(project.session())

    assert ("withheld", "judged") == (ended.record.outcome, ended.record.basis)
    session = project.session()
    (opened,) = open_outcomes(session, session.life(session.books()))
    assert ("fail", "ada") == (opened.outcome, opened.figures["aborted_by"])


def test_abort__feedback_is_charged_as_for_a_judged_outcome(project):
    """Where feedback is declared, an abort releases and pays for a message, or it could be told from a judgment."""
    stuck(project, feedback="three-way")

    assert "cannot tell" == abort(project.session()).record.feedback.message


def test_pending__nothing_else_is_done_meanwhile(project):
    """A set is neither corrected nor retired while a candidate is being judged on sealed inputs."""
    stuck(project)

    with pytest.raises(EvaluationPending, match="has begun"):
        retire(project.session(), "enough")
    with pytest.raises(EvaluationPending, match="has begun"):
        correct(project.session(), project.root / "labels.csv", "")
