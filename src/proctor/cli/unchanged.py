"""
A commit that leaves the model alone: no question about the model is new, so none is asked, and nothing is charged.

Only what was submitted is compared (theory.md §4.3.3), and what the gate files say of it; what a model does on the
examples is not looked at.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from proctor.cli.workflow import terms
from proctor.conditions import Variable, variables
from proctor.errors import GitFault, ProctorError
from proctor.gatefile import Accepted, Fetched, Gate, PredictionsFile, Revision, Versioned, loads
from proctor.ledger.history import Question, TestSetHistory
from proctor.ledger.records import Adopted, Evaluated
from proctor.runtime import Runtime


def question(gate: Gate, runtime: Runtime, commit: str | None) -> Gate | None:
    """
    The question that is left to ask of *gate* if its candidate is the model that it would be compared with.

    Returns:
        The gate as it is if the model has changed, if the condition compares it with nothing, or if the answer is
        recorded; the gate that judges or accepts a first candidate as long as none is accepted on this test set;
        ``None`` if there is nothing to ask.

    Raises:
        ProctorError: If test set, models or ledger cannot be read.
    """
    if not variables(gate.formula) & {Variable.O, Variable.D} or not _may_be_the_same(gate):
        return gate
    from proctor.gate.asking import asked
    from proctor.gate.check import prepare
    from proctor.gate.session import Session

    with Session(gate=gate, runtime=runtime, named_commit=commit) as session:
        prepare(session)
        life = session.books().life
        what = asked(session, life)
        whole, parts = [what.question], [asked(session, life, part=each).question for each in gate.named]
    if what.baseline is None or what.baseline.submission.digest != what.candidate.submission.digest:
        return gate
    if life is None or life.accepted(gate.name) is None:
        return gate if isinstance(gate.baseline, Accepted) else replace(gate, baseline=Accepted(gate.baseline))
    is_answered = any(all(_is_recorded(life, each) for each in questions) for questions in (whole, parts) if questions)
    return gate if is_answered else None


def _is_recorded(life: TestSetHistory, question: Question) -> bool:
    taken = life.recorded_answer(question)
    return taken is not None and not _is_of_itself(taken.record)


def _is_of_itself(record: Adopted | Evaluated) -> bool:
    """A model that somebody had judged against itself was not better; that is no answer about a commit."""
    baseline = record.baseline if isinstance(record, Evaluated) else None
    return baseline is not None and baseline.digest == record.candidate.digest


def _may_be_the_same(gate: Gate) -> bool:
    """Cheap: False is certain."""
    match gate.baseline:
        case Accepted() | Versioned() | Fetched():
            return True
        case Revision(revision):
            paths = terms.paths_of(gate.candidate, gate) if terms.has_extent(gate.candidate) else ()
            if isinstance(gate.candidate, PredictionsFile):  # it may have been written again, and say the same
                return _declares_the_same(gate, revision)
            try:
                names = [terms.name_in_git(gate.root, path) for path in paths]
            except GitFault:
                return False
            diff = ("diff", "--quiet", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--end-of-options")
            return terms.git_agrees(gate.root, *diff, revision, "--", *names) and _declares_the_same(gate, revision)
        case PredictionsFile(old):
            if not isinstance(gate.candidate, PredictionsFile):
                return False
            if gate.baseline.revision is not None:
                return True
            return all(gate.resolve(name).is_file() for name in (old, gate.candidate.predictions))


def _declares_the_same(gate: Gate, revision: str) -> bool:
    """True if the gate file named the same candidate then; the model is read by today's, on both sides."""
    from proctor.models.revision import file_at

    try:
        then = loads(file_at(gate.root, revision, Path(gate.file).name).decode("utf-8-sig"), gate.file)
    except (ProctorError, UnicodeDecodeError):
        return False
    return then.candidate == gate.candidate
