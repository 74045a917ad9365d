"""
Sentences that every rendering shares, so that terminal, comment and page never say different things.

They are functions of a `Release` or a `Status` and of nothing else.
"""

from __future__ import annotations

from proctor.methods import Unit
from proctor.release import Basis, BudgetReport, Release, Status, Verdict

UNCHANGED = "nothing to judge: the candidate is the model that it would be compared with"
"""Sentence on a question that is not put, see `proctor check --if-changed`."""


def verdict_word(verdict: Verdict) -> str:
    """PASS, FAIL or WITHHELD."""
    return verdict.value.upper()


def assurance(release: Release) -> str:
    """Certainty of the verdict, or why it claims none."""
    testset = release.testset
    if release.basis is Basis.FIRST_ACCEPTED:
        if release.step:
            return "nothing was tested; only the fact that it runs on the sealed inputs was released, and charged"
        return "nothing was tested and nothing was spent"
    if release.verdict is Verdict.WITHHELD:
        return "developers learn it when the test set is retired"
    if _is_proven(release):
        life = "this test set and of those that it inherits from" if testset.inherits else "this test set"
        return f"sure to {percent(testset.reliability)} for the whole life of {life}"
    if testset.mode == "fp-free":
        return "a fail is not proof of the opposite"
    return "a pass means that the opposite could not be shown"


def grade(release: Release) -> str:
    """Secrecy of the inputs; and, where something was proven, what the guarantee assumes of it (theory.md §1)."""
    inputs = "sealed" if release.testset.inputs == "sealed" else "open"
    if not _is_proven(release):
        return f"inputs {inputs}"
    if inputs == "sealed":
        return "inputs sealed: the guarantee is unconditional"
    return "inputs open: if the model was not tuned to these very inputs"


def _is_proven(release: Release) -> bool:
    protected = Verdict.PASS if release.testset.mode == "fp-free" else Verdict.FAIL
    return release.verdict is protected and release.basis is not Basis.FIRST_ACCEPTED


def so_far(budget: BudgetReport) -> str:
    """Evaluations and passes so far."""
    counted = "" if budget.passes is None else f", {count(budget.passes, budget.counts)}"
    return f"{count(budget.evaluations, 'evaluations')}{counted} so far"


def promised(budget: BudgetReport) -> str:
    """Passes and evaluations that are still promised; empty if none are."""
    if budget.evaluations_left is None:
        return ""
    passes = "" if budget.passes_left is None else f" with {count(budget.passes_left, budget.counts)}"
    return f"{count(budget.evaluations_left, 'evaluations')}{passes} left"


def resolution(public: Release | Status) -> str:
    """Tolerance that the next evaluation can resolve, where there is one."""
    budget = public.budget
    if public.testset.state == "retired":
        return "retired: nothing new is judged on it"
    if budget.is_spent:
        return "the budget is spent: a new test set is needed"
    if not budget.is_reach_known:
        return "what the next one can resolve was not worked out; `proctor status` beside the test set says it"
    asked = (
        "" if budget.asked_tolerance is None else f" (asked: ±{points(budget.asked_tolerance, budget.tolerance_unit)})"
    )
    if budget.next_tolerance is None:
        return f"the next one cannot resolve any tolerance{asked}"
    return f"the next one can resolve ±{points(budget.next_tolerance, budget.tolerance_unit)}{asked}"


def forecast(public: Release | Status) -> str:
    """Remaining life, in words."""
    budget = public.budget
    if budget.is_spent or public.testset.state == "retired":
        return "a new test set is needed"
    if not budget.is_reach_known and budget.evaluations_left is None:
        return "how long it lasts was not worked out"
    if budget.is_over:
        return "a new test set is needed before the next evaluation"
    if budget.passes is None and budget.evaluations_left is not None:
        left = budget.evaluations_left
        return f"a new test set is needed after {left:,} more {noun(left, 'evaluations')}"
    if budget.lasts_passes is None and budget.lasts_fails is None:
        return (
            "no end in sight" if budget.asked_tolerance is not None else "no tolerance is asked for, so no end is set"
        )
    passes, fails = (
        f"{'over 1,000' if n is None else n} more {noun(n, word)}"
        for n, word in ((budget.lasts_passes, "passes"), (budget.lasts_fails, "fails"))
    )
    about = "" if budget.lasts_passes is None else "about "
    return f"a new test set is needed after {about}{passes} or {fails}"


def advice(release: Release) -> str:
    """Advice on the next step, in one sentence."""
    if release.budget.is_spent:
        return "Register a fresh test set before the next evaluation."
    if release.verdict is Verdict.FAIL:
        return "Improve the candidate and commit again; the same question gets the same answer, at no cost."
    if release.verdict is Verdict.WITHHELD:
        return "Go on: this commit is now the baseline, and the owner has the outcome."
    if release.basis is Basis.FIRST_ACCEPTED:
        return "Nothing: the next candidate is compared with this one."
    return "The candidate may become the new baseline."


def bar(budget: BudgetReport, width: int = 10) -> str:
    """Used share of the test set's life, as a row of blocks; empty if its end is not known."""
    share = budget.share_used
    if share is None:
        return ""
    used = min(width, max(0, round(share * width)))
    return "▓" * used + "░" * (width - used)


def state(status: Status) -> str:
    """State of the test set, in use, spent or retired, with the number of examples."""
    facts = status.testset
    return f"{facts.state}, {facts.n_examples:,} examples, fingerprint {facts.fingerprint[:12]}"


def capitalized(text: str) -> str:
    """*text* as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def whole_percent(share: float) -> str:
    """
    A share in whole per cent.

    >>> whole_percent(0.537)
    '54 %'
    """
    return f"{share * 100:.0f} %"


def percent(share: float) -> str:
    """
    A share in per cent, with the digits that it has.

    >>> percent(0.999)
    '99.9 %'
    """
    return f"{share * 100:.10g} %"


def points(tolerance: float, unit: Unit = Unit.POINTS) -> str:
    """
    A tolerance in percentage points or in a unit of its own, to three significant digits.

    >>> points(0.01), points(0.02346), points(0.02346, Unit.OWN)
    ('1 point', '2.35 points', '0.0235')
    """
    if unit is Unit.OWN:
        return f"{tolerance:.3g}"
    number = f"{tolerance * 100:.3g}"
    return f"{number} point" if number == "1" else f"{number} points"


def count(number: int, plural: str) -> str:
    """
    A number with its noun.

    >>> count(1, "passes"), count(2, "evaluations")
    ('1 pass', '2 evaluations')
    """
    return f"{number:,} {noun(number, plural)}"


def staked(stake: float | None) -> str:
    """
    A stake in words; empty if nothing was staked.

    >>> staked(0.8), staked(None)
    ('staked 0.8', '')
    """
    return "" if stake is None else f"staked {stake:.3g}"


def noun(number: int | None, plural: str) -> str:
    """
    The noun that goes with a number.

    >>> noun(1, "fails"), noun(None, "fails")
    ('fail', 'fails')
    """
    singular = "pass" if plural == "passes" else plural.removesuffix("s")
    return singular if number == 1 else plural
