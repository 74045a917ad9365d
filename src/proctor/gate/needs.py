"""
Questions that the next evaluation will be asked, and the examples that it or the next test set needs: public.

A function of the transcript, the gate file and the number of examples, so it may be said to anybody (theory.md §4.3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from proctor.budget import Account, Step, can_hand_on
from proctor.conditions import Formula
from proctor.errors import Misuse
from proctor.forecast import Prospect
from proctor.gatefile import Gate
from proctor.ledger.history import TestSetHistory
from proctor.planning import NO_SLICES, Bound, Plan, Sizes, Terms, examples_needed, plan

if TYPE_CHECKING:
    from proctor.evaluation import PaperRule


def prospect(gate: Gate, formula: Formula, n_examples: int, sizes: Sizes = NO_SLICES) -> Prospect:
    """Prospect of the next evaluation: what it will be asked, apart from its level."""
    terms = Terms(gate.mode, gate.contract.log_error_probability, gate.log_miss, gate.disagreement, gate.bound)
    return Prospect(formula, terms, n_examples, gate.stakes, sizes)


def rule_at(gate: Gate, formula: Formula, n_examples: int, log_level: float) -> PaperRule | None:
    """The rule of ease.ml/ci at a level, where its bounds decide; ``None`` where the exact tests do."""
    if gate.bound is Bound.EXACT:
        return None
    from proctor.evaluation import paper_rule

    return paper_rule(formula, prospect(gate, formula, n_examples).terms.at(log_level))


def next_set_hint(gate: Gate, before: TestSetHistory | None) -> str:
    """Needs of the set that follows the one *before*, from the plan of this gate file and what it is handed."""
    try:
        request = replace(gate.request(), log_budget=_left_for_heir(gate, before))
        found = max((plan(each.formula, request) for each in gate.parts), key=lambda each: each.examples)
    except Misuse as error:
        return f"The next test set cannot be planned: {error.message}. {error.hint}".strip()
    grows = "" if before is None else _how_to_grow(gate, before)
    lower = "" if gate.disagreement is not None else " (or say in `disagreement` what share of predictions changes)"
    return (
        f"{grows}For this condition and contract the next test set needs {_needed(found)}, "
        f"about {found.labels:,} of them labeled{lower}. See `proctor plan`."
    )


def _needed(found: Plan) -> str:
    of_slices = [f"{size:,} on `{slice_}`" for slice_, size in found.slices]
    return f"{found.examples:,} {found.counted}" + (f" ({', '.join(of_slices)})" if of_slices else "")


def _how_to_grow(gate: Gate, before: TestSetHistory) -> str:
    """The examples that the set lacks, for its next evaluation and for another one; nothing if it cannot grow."""
    if before.retired is not None or before.heir is not None:
        return ""
    account, n_examples = before.account, before.in_use.n_examples
    more = more_needed(gate, account, n_examples)
    if more is None:
        return ""
    later = [more_needed(gate, account.after(Step(is_proven, gate.stakes)), n_examples) for is_proven in (True, False)]
    lasting = max((each for each in later if each is not None), default=more)
    lasts = f" With {lasting:,} they are for the one after it, too, whatever it says." if lasting > more else ""
    return (
        f"Add at least {more:,} labeled examples: `proctor testset extend`. They are enough for the next evaluation."
        f"{lasts} Or renew it. "
    )


def more_needed(gate: Gate, account: Account, n_examples: int) -> int | None:
    """Examples that are lacking for the next evaluation of *account*; ``None`` if none are, or none would help."""
    if account.is_spent or gate.cluster is not None:
        return None
    terms = prospect(gate, gate.formula, n_examples).terms.at(account.next_log_level(gate.stakes))
    needed = [examples_needed(each.formula, terms) for each in gate.parts]
    most = max((each for each in needed if each is not None), default=0)
    return most - n_examples if None not in needed and most > n_examples else None


def _left_for_heir(gate: Gate, before: TestSetHistory | None) -> float | None:
    """Logarithm of the budget that the set *before* hands on; ``None`` where the next one has a budget of its own."""
    if before is None or before.account.is_spent or not hands_on(before, gate):
        return None
    return before.account.log_budget


def hands_on(before: TestSetHistory, gate: Gate) -> bool:
    """True if the set that follows this one is its heir, unless its owner declares otherwise (theory.md §4.6)."""
    record = before.registered.record
    return record.project_error is None and can_hand_on(record.contract, gate.contract)
