"""The question that is asked: a condition about models, as it can be put today."""

from __future__ import annotations

from proctor.conditions import Formula, Variable, expanded, parse, restrict, variables
from proctor.errors import Misuse
from proctor.frozen import dataclass
from proctor.gate.predicted import ModelPredictions, unknown
from proctor.gate.session import Session
from proctor.gatefile import First, Gate, NamedCondition
from proctor.ledger.history import Question, TestSetHistory
from proctor.ledger.records import Forecast


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    One question, as of `Question`, with the models that it is about.

    Attributes:
        formula: The condition's normal form; ``None`` if the candidate is the first one and accepted unjudged.
        stake: Declared stake in units (theory.md §4.5); ``None`` if none was declared.
        forecast: What the stake was made of; ``None`` if it was not made of development data.
        part: Name of the condition in the gate file's map; ``None`` where the gate has one.
    """

    gate: str
    formula: Formula | None
    condition: str
    candidate: ModelPredictions
    baseline: ModelPredictions | None = None
    anchor: ModelPredictions | None = None
    stake: int | None = None
    forecast: Forecast | None = None
    part: str | None = None

    @property
    def question(self) -> Question:
        """The question as the ledger knows it."""
        candidate, baseline, anchor = self.candidate, self.baseline, self.anchor
        there = [each for each in (candidate, baseline, anchor) if each is not None]
        return Question(
            condition=self.condition,
            candidate=candidate.submission,
            baseline=baseline.submission if baseline else None,
            gate=self.gate,
            anchor=anchor.submission if anchor else None,
            former={each.submission.digest: each.former for each in there if each.former is not None},
        )


def asked(
    session: Session, life: TestSetHistory | None, stake: int | None = None, part: NamedCondition | None = None
) -> Asked:
    """
    The question that the gate asks of its candidate, on a test set with this *life*; ``None`` before it is registered.

    Of several conditions that the gate has, *part* is the one; without it, all of them are asked at once.

    Raises:
        Misuse: If nothing can be judged without a baseline, and a first candidate is to be judged.
        DataError: If a model is not here.
    """
    baseline, gate = baseline_of(session, life), session.gate
    whole, text = _whole(gate, part), str(parse(gate.condition if part is None else part.condition))
    anchor, column = _anchor_of(whole, session, life, baseline), gate.column_of(part)
    formula, condition = _askable(
        session, whole, text, has_baseline=baseline is not None, has_anchor=anchor is not None
    )
    is_compared = bool(variables(whole) & {Variable.O, Variable.D})
    return Asked(
        gate=gate.name,
        formula=formula,
        condition=condition,
        candidate=session.candidate if column is None else session.candidate.columns[column],
        baseline=_in(column, baseline, is_needed=is_compared),
        anchor=_in(column, anchor, is_needed=True),
        stake=stake,
        part=part.name if part is not None else None,
    )


def _in(column: str | None, model: ModelPredictions | None, *, is_needed: bool) -> ModelPredictions | None:
    found = model.on(column) if model is not None else None
    if found is None and model is not None and is_needed:
        raise unknown(model.submission, str(column))
    return found


def is_askable(session: Session, life: TestSetHistory | None, part: NamedCondition) -> bool:
    """True if a condition can be asked now; without a baseline that is one with a clause on ``n`` alone."""
    has_baseline = baseline_of(session, life) is not None
    return has_baseline or restrict(_whole(session.gate, part), {Variable.N}) is not None


def _whole(gate: Gate, part: NamedCondition | None) -> Formula:
    return gate.formula if part is None else gate.read(part.condition)


def baseline_of(session: Session, life: TestSetHistory | None) -> ModelPredictions | None:
    """The old model that the gate file names; ``None`` on a first commit."""
    accepted = life.accepted(session.gate.name) if life else None
    return session.runner.baseline(accepted.record.candidate if accepted else None)


def _anchor_of(
    formula: Formula, session: Session, life: TestSetHistory | None, baseline: ModelPredictions | None
) -> ModelPredictions | None:
    """The anchor, where a formula speaks of it: of registration, or today's baseline if that is now."""
    if Variable.A not in variables(formula):
        return None
    submission = life.anchor(session.gate.name) if life else None
    return session.runner.earlier(submission) if submission else baseline


def _askable(
    session: Session, whole: Formula, text: str, *, has_baseline: bool, has_anchor: bool
) -> tuple[Formula | None, str]:
    """
    The formula that can be asked now, and its text; ``None`` if the first candidate is to be accepted unjudged.

    Without a baseline, clauses on ``o``, ``d`` and ``a`` have no value (theory.md §5).
    """
    gate, needed = session.gate, variables(whole)
    lacks = not has_baseline and needed & {Variable.O, Variable.D}
    if not lacks and (has_anchor or Variable.A not in needed):
        return expanded(whole, session.testset.groups), text
    if gate.first is First.ACCEPT:
        return None, text
    formula = restrict(whole, {Variable.N})
    if formula is None:
        raise Misuse(
            f"`first: judge` cannot judge `{text}` without a baseline: no clause is on `n` alone",
            hint="Say `first: accept`, or add a clause such as `n > 0.8 +/- 0.02`.",
        )
    return expanded(formula, session.testset.groups), str(formula)
