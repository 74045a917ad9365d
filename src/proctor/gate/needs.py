"""
Questions that the next evaluation will be asked, and the examples that it or the next test set needs: public.

A function of the transcript, the gate file and the number of examples, so it may be said to anybody (theory.md §4.3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from proctor.budget import can_hand_on
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
    more = _more_needed(gate, before)
    grows = "" if more is None else f"Add at least {more:,} labeled examples: `proctor testset extend`. Or renew it. "
    lower = "" if gate.disagreement is not None else " (or say in `disagreement` what share of predictions changes)"
    return (
        f"{grows}For this condition and contract the next test set needs {_needed(found)}, "
        f"about {found.labels:,} of them labeled{lower}. See `proctor plan`."
    )


def _needed(found: Plan) -> str:
    of_slices = [f"{size:,} on `{slice_}`" for slice_, size in found.slices]
    return f"{found.examples:,} {found.counted}" + (f" ({', '.join(of_slices)})" if of_slices else "")


def _more_needed(gate: Gate, before: TestSetHistory | None) -> int | None:
    """Examples that the set lacks for its next evaluation; ``None`` if it cannot grow, or lacks none."""
    if before is None or before.retired is not None or before.heir is not None or before.account.is_spent:
        return None
    if gate.cluster is not None:
        return None
    n_examples = before.in_use.n_examples
    terms = prospect(gate, gate.formula, n_examples).terms.at(before.account.next_log_level(gate.stakes))
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
