"""
The only maker of `Release` and `Status`: from the transcript and public facts to what may leave the gate.

Nothing private is within reach here: the arguments are the books (released outcomes), the gate file, and the
number of examples. A verdict is taken from the ledger's entry, never from an evaluation.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from proctor import __version__
from proctor.budget import SPENT, STAKE_UNITS, Contract, Mode
from proctor.conditions import Formula, Variable, clauses, parse, restrict
from proctor.errors import FAILED, PASSED
from proctor.forecast import Prospect, budget_report
from proctor.gate.books import LedgerView
from proctor.gate.needs import prospect
from proctor.gatefile import Gate
from proctor.ledger.history import Recorded, TestSetHistory
from proctor.ledger.records import Adopted, Evaluated
from proctor.methods import method_of
from proctor.release import (
    Answer,
    Basis,
    HistoryRow,
    JointRelease,
    Release,
    Status,
    TestSetFacts,
    Verdict,
)
from proctor.testset import TestSet
from proctor.words import in_words

Concluded = Recorded[Adopted] | Recorded[Evaluated]


def release_of(
    gate: Gate,
    books: LedgerView,
    life: TestSetHistory,
    taken: Concluded,
    replayed: bool = False,
    *,
    foresees: bool = True,
) -> Release:
    """The release of a verdict that is in the ledger; *foresees* is as in `proctor.forecast.budget_report`."""
    record = taken.record
    verdict = life.outcome_of(taken)
    formula = gate.formula if isinstance(record, Adopted) else gate.read(record.condition)
    return Release(
        verdict=verdict,
        exit_code=FAILED if verdict is Verdict.FAIL else PASSED,
        basis=_basis(record),
        condition=record.condition,
        meaning=_meaning(_basis(record), verdict, formula, life.registered.record.contract.mode),
        gate=gate.name,
        testset=_facts(life, gate),
        step=life.step_of(taken),
        replayed=replayed,
        entry=taken.entry.number,
        ledger_head=books.head,
        budget=budget_report(
            life.account,
            _prospect(gate, books, _next(gate, life, record.condition, formula), life.in_use.n_examples),
            foresees=foresees,
        ),
        at=taken.entry.at,
        version=__version__,
        commit=record.candidate.commit,
        candidate=record.candidate.source,
        notes=(*_unlinked(gate, books, life, taken), *_notes(gate, life, taken, replayed)),
        **_of_evaluation(life, taken),
    )


def joint_release(gate: Gate, books: LedgerView, answers: tuple[Answer, ...], note: str | None) -> JointRelease:
    """The release of a gate with several conditions, of which at least one enforced one was asked."""
    said = [each.release for each in answers if each.release is not None]
    enforced = [each for each in answers if each.enforce and each.release is not None]
    deciding = next((each for each in enforced if each.is_failure), enforced[-1])
    left_out = [f"`{each.name}`" for each in answers if each.release is None and each.out_of_reach is None]
    why = f"`{deciding.name}` has failed" if deciding.is_failure else "there is no baseline yet"
    informing = [f"`{each.name}`" for each in answers if not each.enforce and each.release is not None]
    release = deciding.release
    assert release is not None  # noqa: S101  # it was asked
    notes = [
        f"not asked, and not charged, since {why}: {', '.join(left_out)}" if left_out else None,
        f"charged, and for information only: {', '.join(informing)}" if informing else None,
        note,
        *(
            f"not judged, and not charged: `{each.name}`, which only informs: {each.out_of_reach}"
            for each in answers
            if each.out_of_reach is not None
        ),
        *(text for each in said for text in each.notes),
    ]
    return JointRelease(
        **{
            **{field.name: getattr(release, field.name) for field in fields(Release)},
            "condition": str(parse(gate.condition)),
            "meaning": _joint_meaning(deciding, answers),
            "replayed": all(each.replayed for each in said),
            "ledger_head": books.head,
            "budget": said[-1].budget,
            "notes": tuple(dict.fromkeys(text for text in notes if text is not None)),
        },
        conditions=answers,
    )


def recorded_release(gate: Gate, books: LedgerView, life: TestSetHistory, taken: Concluded, commit: str) -> Release:
    """
    The release of a verdict that was given before, as the ledger has it; with those of its gate's other conditions.

    It is told for a *commit*: that of another one is a recorded answer.
    """

    def told(verdict: Concluded) -> Release:
        return release_of(gate, books, life, verdict, replayed=verdict.record.candidate.commit != commit)

    if not taken.is_part:
        return told(taken)
    last = {each.entry.body.get("part"): each for each in life.verdicts if each.model == taken.model}
    answers = tuple(
        Answer(
            name=each.name,
            condition=each.condition,
            enforce=each.is_enforced,
            release=told(last[each.name]) if each.name in last else None,
        )
        for each in gate.named
    )
    is_told = any(each.enforce and each.release is not None for each in answers)
    return joint_release(gate, books, answers, None) if is_told else told(taken)


def _joint_meaning(deciding: Answer, answers: tuple[Answer, ...]) -> str:
    release = deciding.release
    assert release is not None  # noqa: S101  # it was asked
    if deciding.is_failure:
        return f"`{deciding.name}`: {release.meaning}"
    names = ", ".join(f"`{each.name}`" for each in answers if each.enforce)
    if release.verdict is Verdict.WITHHELD:
        return f"{names}: {release.meaning}"
    passed = [each.release.meaning for each in answers if each.enforce and each.release is not None]
    return f"{names}: {'; '.join(passed)}"


def _next(gate: Gate, life: TestSetHistory, condition: str, asked: Formula) -> Formula:
    """The formula to ask after *asked*: all clauses, where it was those on a first model, and one is accepted now."""
    if life.accepted(gate.name) is None or any(str(parse(each.condition)) == condition for each in gate.parts):
        return asked
    firsts = {str(restrict(each.formula, {Variable.N})): each.formula for each in gate.parts}
    return firsts.get(condition, asked)


def _prospect(gate: Gate, books: LedgerView, formula: Formula, n_examples: int) -> Prospect:
    judged = books.judged(formula)
    return prospect(gate, judged, n_examples, books.sizes(judged))


def _of_evaluation(life: TestSetHistory, taken: Concluded) -> dict[str, Any]:
    record = taken.record
    if isinstance(record, Adopted):
        return {}
    return {
        "baseline": _baseline(life, record, taken.entry.number),
        "sandbox": record.sandbox,
        "feedback": _feedback(record),
        "stake": _stake(record),
        "expected": record.forecast.chance if record.forecast else None,
    }


def _stake(record: Adopted | Evaluated) -> float | None:
    """Share that was staked, as people write one; ``None`` if nothing was."""
    if isinstance(record, Adopted) or record.stake is None:
        return None
    return round(record.stake / STAKE_UNITS, 6)


def _baseline(life: TestSetHistory, record: Evaluated, number: int) -> str:
    """The model that the candidate of entry *number* was compared with; of several by the same path, which one."""
    if record.baseline is None:
        return ""
    source, digest = record.baseline.source, record.baseline.digest
    if source != record.candidate.source:
        return source
    earlier = (taken for taken in reversed(life.verdicts) if taken.entry.number < number)
    found = next((taken for taken in earlier if taken.digest == digest), None)
    return source if found is None else f"{source} (entry {found.entry.number})"


def status_of(gate: Gate, books: LedgerView, testset: TestSet, last: int) -> Status:
    """The state of the account with its *last* verdicts, for a registered test set or for one that is not yet."""
    life, account = books.life, books.account(gate)
    if life is None:
        facts = TestSetFacts(
            fingerprint=testset.fingerprint,
            n_examples=testset.n_examples,
            inputs=str(gate.testset.inputs),
            state="not registered",
            **_terms(gate.contract),
        )
        notes: tuple[str, ...] = ("this test set is registered at its first use",)
    else:
        facts, notes = _facts(life, gate), _pending(life)
    reports = [budget_report(account, _prospect(gate, books, each.formula, testset.n_examples)) for each in gate.parts]
    return Status(
        gate=gate.name,
        condition=str(parse(gate.condition)),
        testset=facts,
        # that of the condition that needs a fresh test set first
        budget=min(
            reports, key=lambda each: (not each.is_over, math.inf if each.bits_left is None else each.bits_left)
        ),
        ledger_head=books.head,
        version=__version__,
        history=history_of(life, last) if life else (),
        notes=(*notes, *_conditions(gate), *_at_best(gate), *gate.notes_on_stakes),
    )


def _conditions(gate: Gate) -> tuple[str, ...]:
    """A note on the conditions of a map, what each reads, and what a commit takes of the budget."""
    if not gate.named:
        return ()
    named = []
    for each in gate.named:
        column = gate.column_of(each)
        asides = [f"reads `{column}`"] * (column is not None) + ["informs only"] * (not each.is_enforced)
        named.append(f"`{each.name}`" + (f" ({', '.join(asides)})" if asides else ""))
    return (f"a commit takes up to {len(named)} evaluations, in this order: {', '.join(named)}",)


def _at_best(gate: Gate) -> tuple[str, ...]:
    """A note on metrics of one class: how many examples count for them, only labels and predictions tell."""
    found = dict.fromkeys(str(each.quantity) for each in clauses(gate.formula) if method_of(each.quantity).classes)
    if not found:
        return ()
    asked = ", ".join(f"`{each}`" for each in found)
    return (f"what the next evaluation resolves is said at best: as if every example counted for {asked}",)


def _pending(life: TestSetHistory) -> tuple[str, ...]:
    """A note that an evaluation on sealed inputs has begun and not ended: every other check is refused until it has."""
    if life.open_pending is None:
        return ()
    number, commit = life.open_pending.entry.number, life.open_pending.record.candidate.commit
    whose = f"commit {commit[:12]}'s" if commit else "that commit's"
    note = (
        f"entry {number} is an evaluation that has begun and not ended: other checks wait for it; if its machine died, "
        f"run {whose} check again, or let the owner end it with `proctor testset abort`"
    )
    return (note,)


def history_of(life: TestSetHistory, last: int) -> tuple[HistoryRow, ...]:
    """One row for each of the *last* verdicts in the life of the test set."""
    return tuple(
        HistoryRow(
            entry=taken.entry.number,
            step=account.evaluations if isinstance(taken.record, Evaluated) else 0,
            at=taken.entry.at,
            verdict=life.outcome_of(taken),
            basis=_basis(taken.record),
            condition=taken.record.condition,
            commit=taken.record.candidate.commit,
            actor=taken.record.origin.actor,
            log_level=taken.record.log_level if isinstance(taken.record, Evaluated) else None,
            leakage_bits=round(account.leakage_bits, 6),
            feedback=_feedback(taken.record),
            stake=_stake(taken.record),
        )
        for taken, account in life.last_verdicts(last)
    )


def _feedback(record: Adopted | Evaluated) -> str | None:
    return record.feedback.message if isinstance(record, Evaluated) and record.feedback else None


def _basis(record: Adopted | Evaluated) -> Basis:
    return Basis.FIRST_ACCEPTED if isinstance(record, Adopted) else record.basis


def _facts(life: TestSetHistory, gate: Gate) -> TestSetFacts:
    registered = life.registered.record
    return TestSetFacts(
        fingerprint=registered.testset,
        n_examples=life.in_use.n_examples,
        inputs=registered.inputs,
        state=state_of(life, gate),
        inherits=registered.inherits,
        **_terms(registered.contract),
    )


def _terms(contract: Contract) -> dict[str, Any]:
    return {
        "reliability": contract.reliability,
        "mode": contract.mode.value,
        "adaptivity": contract.adaptivity.value,
    }


def state_of(life: TestSetHistory, gate: Gate) -> str:
    """State of a test set: in use, spent, retired or handed on; a tolerance out of reach is another question."""
    spent = life.account.next_log_level(gate.stakes) == SPENT
    return "retired" if life.retired else "handed on" if life.heir else "spent" if spent else "in use"


def _meaning(basis: Basis, verdict: Verdict, formula: Formula, mode: Mode) -> str:
    if basis is Basis.FIRST_ACCEPTED:
        return "accepted as the first baseline, without being judged"
    words = in_words(formula)
    match verdict:
        case Verdict.WITHHELD:
            return "accepted for evaluation; the outcome is withheld"
        case Verdict.PASS:
            return words if mode is Mode.FP_FREE else f"not shown to be violated: {words}"
        case Verdict.FAIL:
            return f"not shown: {words}" if mode is Mode.FP_FREE else f"shown not to hold: {words}"


def _unlinked(gate: Gate, books: LedgerView, life: TestSetHistory, taken: Concluded) -> tuple[str, ...]:
    """A note that a first acceptance on a new test set succeeds nobody, though this gate had a model before."""
    if not isinstance(taken.record, Adopted) or life.registered.record.predecessor is not None:
        return ()
    before = [name for name, other in books.lives.items() if other is not life and other.accepted(gate.name)]
    return tuple(
        f"this gate has an accepted model on test set {name[:12]}: `proctor testset renew` before the first check "
        "measures it on the new set, and keeps the lineage"
        for name in before[-1:]
    )


def _on_stake(record: Evaluated, mode: Mode) -> tuple[str, ...]:
    """The stake, and what it was made of."""
    if record.stake is None:
        return ()
    share, proven = f"{record.stake / STAKE_UNITS:.3g}", "pass" if mode is Mode.FP_FREE else "fail"
    if record.forecast is None:
        return (f"staked {share} on a {proven}, declared before it was judged",)
    chance, examples = f"{100 * record.forecast.chance:.2g} %", f"{record.forecast.examples:,}"
    return (f"expected to pass: {chance}, by {examples} development examples; staked: {share}, before it was judged",)


def _notes(gate: Gate, life: TestSetHistory, taken: Concluded, replayed: bool) -> tuple[str, ...]:
    notes: list[str] = []
    accepted = life.accepted(gate.name)
    if isinstance(taken.record, Evaluated):
        notes += _on_stake(taken.record, life.registered.record.contract.mode)
    if replayed and accepted is not None and accepted.entry.number == taken.entry.number:
        step = life.step_of(taken)
        since = f"since step {step}" if step else "since it was accepted as the first one"
        notes.append(f"this candidate is the accepted baseline {since}")
    if life.heir is not None:
        notes.append(f"test set {life.heir.record.testset[:12]} follows this one: the next question is asked of it")
    elif life.retired is not None:
        notes.append(f"this test set was retired ({life.retired.record.reason}): the next question needs a fresh one")
    if gate.recipient is not None:
        notes.append(f"the outcome is in the owner's record; `proctor testset notify` mails it to {gate.recipient}")
    return tuple(notes)
