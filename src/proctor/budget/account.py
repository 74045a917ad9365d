"""
The account of one test set: contract and transcript in, level of the next evaluation out (theory.md §4).

The account is a code. It gives every transcript a probability Q; what the test set has left is δ·Q, and
the next evaluation is tested at the share of it that the code gives to the outcome that must be proven:
PASS in ``fp-free``, FAIL in ``fn-free``. By Kraft's inequality the levels of all proofs that can ever be
wrong then sum to at most δ, however the candidates were chosen.

Everything here is pure and knows nothing of files, clocks or ledgers.
Levels and budgets are natural logarithms; a spent budget is ``-inf``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import assert_never

from proctor.budget.codes import SPENT, Code, Enumerative, Fixed, Laplace, log_beta_ratio, transcript_units
from proctor.budget.guard import Balances, split
from proctor.errors import DomainError
from proctor.frozen import dataclass, replace


class Mode(StrEnum):
    """The outcome that is never wrong: PASS (``fp-free``) or FAIL (``fn-free``)."""

    FP_FREE = "fp-free"
    FN_FREE = "fn-free"


class Adaptivity(StrEnum):
    """Policy that sets the level of an evaluation, and what developers may see (theory.md §4)."""

    NONE = "none"
    FIRST_CHANGE = "firstChange"
    FULL = "full"
    RECYCLING = "recycling"


@dataclass(frozen=True)
class Contract:
    """
    Contract fixed when a test set is registered.

    Args:
        reliability: Probability that no proven outcome is ever wrong; in (0, 1).
        mode: Which outcome must be proven.
        adaptivity: The policy.
        steps: Number of evaluations under the paper's three policies; ``None`` under ``recycling``.
    """

    reliability: float
    mode: Mode = Mode.FP_FREE
    adaptivity: Adaptivity = Adaptivity.RECYCLING
    steps: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.reliability < 1:
            raise DomainError(f"reliability must lie between 0 and 1, not {self.reliability!r}")
        if (self.adaptivity is Adaptivity.RECYCLING) != (self.steps is None):
            raise DomainError(f"adaptivity {self.adaptivity} and steps {self.steps!r} do not go together")
        if self.steps is not None and self.steps < 1:
            raise DomainError(f"steps must be at least 1, not {self.steps}")

    @property
    def error_probability(self) -> float:
        """δ, the probability that any proven outcome is wrong, without the rounding error of ``1 - reliability``."""
        return float(1 - Decimal(repr(float(self.reliability))))

    @property
    def log_error_probability(self) -> float:
        """Natural logarithm of δ."""
        return math.log(self.error_probability)


@dataclass(frozen=True)
class _Expectations:
    steps: int = 32
    passes: int = 3

    def __post_init__(self) -> None:
        if self.steps < 1 or not 1 <= self.passes <= self.steps:
            given = f"steps {self.steps} and passes {self.passes}"
            raise DomainError(f"steps and passes must fulfill 1 <= passes <= steps, not {given}")


@dataclass(frozen=True)
class Adaptive(_Expectations):
    """Stakes without an end: passes predict passes. *steps* and *passes* are expectations that size the plan."""


@dataclass(frozen=True)
class Guaranteed(_Expectations):
    """Stakes that promise every evaluation within *steps* and *passes* the same lowest level."""


Stakes = Adaptive | Guaranteed


@dataclass(frozen=True)
class Step:
    """
    One released outcome.

    Args:
        proven: Whether the outcome was the one that needs proof; False where it was withheld.
        stakes: What the gate file said of the stakes when it was judged.
        message_log_probability: Natural logarithm of the declared probability of the released feedback; 0 for none.
        stake: Declared stake in units (`proctor.budget.guard`); ``None`` if none was declared.
    """

    proven: bool
    stakes: Stakes
    message_log_probability: float = 0.0
    stake: int | None = None


# --- the account -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """
    Account of a test set: what it has said so far, and what it has left.

    Attributes:
        contract: What was fixed at registration.
        evaluations: Number of charged evaluations.
        proofs: Number of proven outcomes among them.
        log_budget: Natural logarithm of what is left of δ; ``-inf`` when the set is spent.
        log_code: Natural logarithm of the transcript's probability under the code.
        stakes: What identifies the code in use: the stakes of the last evaluation, expectations left out.
        code: The code in use; ``None`` until the first evaluation says which, under ``recycling``.
        balances: The two parts of the budget, from the first declared stake on; ``None`` before.
    """

    contract: Contract
    evaluations: int = 0
    proofs: int = 0
    log_budget: float = SPENT
    log_code: float = 0.0
    stakes: Stakes | None = None
    code: Code | Fixed | None = None
    balances: Balances | None = None

    @property
    def is_spent(self) -> bool:
        """True if no further evaluation can be tested at any level."""
        return self.log_budget == SPENT

    @property
    def leakage_bits(self) -> float:
        """Description length of the transcript in bits (theory.md §4.2)."""
        return max(0.0, -self.log_code / math.log(2))

    def next_log_level(self, stakes: Stakes, stake: int | None = None) -> float:
        """
        Natural logarithm of the level of the next evaluation, if it is made under these *stakes*.

        Raises:
            DomainError: If a *stake* is declared under one of the paper's policies, where it has no meaning.
        """
        self._refuse_stake(stake)
        if self.is_spent:
            return SPENT
        match code := self._code_under(stakes):
            case Fixed():
                return self._fixed_log_level()
            case Laplace() | Enumerative():
                parts = self._balances_with(stake)
                return self.log_budget + code.log_share() if parts is None else parts.log_level(code.log_share(), stake)
            case _:
                assert_never(code)

    def after(self, step: Step) -> Account:
        """The account once *step* has been released."""
        self._refuse_stake(step.stake)
        if self.is_spent:
            raise DomainError("a spent test set takes no further step")
        counted = replace(
            self,
            evaluations=self.evaluations + 1,
            proofs=self.proofs + step.proven,
            stakes=_declared(step.stakes),
        )
        match code := self._code_under(step.stakes):
            case Fixed():
                return _after_fixed(counted, code, step)
            case Laplace() | Enumerative():
                return _after_coded(counted, code, step)
            case _:
                assert_never(code)

    def after_all(self, transcript: Iterable[Step]) -> Account:
        """The account once all of *transcript* has been released."""
        account = self
        for is_plain, run in groupby(transcript, _is_plain):
            steps = list(run)
            if is_plain and account._recycles_plainly:
                account = _after_adaptive_run(account, steps)
            else:
                for step in steps:
                    account = account.after(step)
        return account

    def counts_alone(self, stakes: Stakes) -> bool:
        """True if what steps under these *stakes* leave depends on how many there are of each kind, and on no order."""
        return isinstance(stakes, Adaptive) and self._recycles_plainly and not self.is_spent

    @property
    def _recycles_plainly(self) -> bool:
        return self.balances is None and self.contract.adaptivity is Adaptivity.RECYCLING

    def left(self, stakes: Stakes) -> tuple[int | None, int | None]:
        """Evaluations and proofs that are still promised under *stakes*; ``None`` where nothing is promised."""
        if self.is_spent:
            return 0, (0 if self._promises_proofs(stakes) else None)
        match code := self._code_under(stakes):
            case Fixed(steps_left):
                return steps_left, None
            case Enumerative(steps_left, proofs_left):
                return steps_left, proofs_left
            case Laplace():
                return None, None
            case _:
                assert_never(code)

    def lowest_log_level(self, stakes: Stakes) -> float:
        """
        Lowest level at which a proof has to succeed within the steps and passes that *stakes* expect from here on.

        It is the level to plan for (theory.md §6).
        """
        if self.is_spent:
            return SPENT
        match code := self._code_under(stakes):
            case Fixed():
                return self._fixed_log_level()
            case Enumerative(steps_left, proofs_left):
                return self.log_budget - math.log(transcript_units(steps_left, proofs_left))
            case Laplace(proofs, evaluations):
                return self.log_budget + min(
                    log_beta_ratio(proofs, evaluations, k, stakes.steps) for k in range(1, stakes.passes + 1)
                )
            case _:
                assert_never(code)

    def _code_under(self, stakes: Stakes) -> Code | Fixed:
        """The running code, or a fresh one with what is left if the stakes have been re-planned."""
        if isinstance(self.code, Fixed) or self.contract.adaptivity is Adaptivity.FIRST_CHANGE:
            assert self.code is not None  # noqa: S101  # set by open_account
            return self.code
        if self.code is not None and self.stakes == _declared(stakes):
            return self.code
        match stakes:
            case Adaptive():
                return Laplace()
            case Guaranteed(steps, passes):
                return Enumerative(steps, passes)
            case _:
                assert_never(stakes)

    def _balances_with(self, stake: int | None) -> Balances | None:
        """The two parts of what is left, which begin with the first declared stake."""
        return split(self.log_budget) if self.balances is None and stake is not None else self.balances

    def _refuse_stake(self, stake: int | None) -> None:
        if stake is not None and self.contract.adaptivity is not Adaptivity.RECYCLING:
            raise DomainError(
                f"a stake has no meaning under `adaptivity: {self.contract.adaptivity}`",
                hint="Its levels are fixed. Leave the stake out; only `adaptivity: recycling` has stakes.",
            )

    def _fixed_log_level(self) -> float:
        """δ/H or δ/2^H, times the probabilities of the feedback released so far: all that lowers the budget here."""
        steps = self.contract.steps or 1
        divisor = math.log(steps) if self.contract.adaptivity is Adaptivity.NONE else steps * math.log(2)
        return self.log_budget - divisor

    def _promises_proofs(self, stakes: Stakes) -> bool:
        adaptivity = self.contract.adaptivity
        return adaptivity is Adaptivity.FIRST_CHANGE or (
            adaptivity is Adaptivity.RECYCLING and isinstance(stakes, Guaranteed)
        )


def open_account(contract: Contract) -> Account:
    """The account of a test set that has said nothing yet."""
    match contract.adaptivity:
        case Adaptivity.NONE | Adaptivity.FULL:
            code: Code | Fixed | None = Fixed(contract.steps or 0)
        case Adaptivity.FIRST_CHANGE:
            code = Enumerative(contract.steps or 0, 1)
        case Adaptivity.RECYCLING:
            code = None  # begins with the stakes of the first evaluation
        case _:
            assert_never(contract.adaptivity)
    return Account(contract, log_budget=contract.log_error_probability, code=code)


def fold(contract: Contract, transcript: Iterable[Step]) -> Account:
    """The account after *transcript*; depends on nothing else (design.md, rule 2)."""
    return open_account(contract).after_all(transcript)


def _is_plain(step: Step) -> bool:
    return isinstance(step.stakes, Adaptive) and step.message_log_probability == 0 and step.stake is None


def _after_adaptive_run(account: Account, steps: list[Step]) -> Account:
    """Steps under adaptive stakes at once: what they leave depends on how many were proofs, not on their order."""
    if account.is_spent:
        raise DomainError("a spent test set takes no further step")
    code = account._code_under(Adaptive())  # noqa: SLF001  # this module's own
    proofs = sum(step.proven for step in steps)
    assert isinstance(code, Laplace)  # noqa: S101  # adaptive stakes under recycling
    factor = log_beta_ratio(code.proofs, code.evaluations, proofs, len(steps))
    return replace(
        account,
        evaluations=account.evaluations + len(steps),
        proofs=account.proofs + proofs,
        log_budget=account.log_budget + factor,
        log_code=account.log_code + factor,
        stakes=Adaptive(),
        code=Laplace(code.proofs + proofs, code.evaluations + len(steps)),
    )


def _declared(stakes: Stakes) -> Stakes:
    """The part of the stakes that identifies the code: expectations do not (theory.md §4.1)."""
    return Adaptive() if isinstance(stakes, Adaptive) else stakes


def _after_fixed(account: Account, code: Fixed, step: Step) -> Account:
    bits = 1 if account.contract.adaptivity is Adaptivity.FULL else 0
    return replace(
        account,
        log_budget=account.log_budget + step.message_log_probability if code.steps_left > 1 else SPENT,
        log_code=account.log_code - bits * math.log(2) + step.message_log_probability,
        code=Fixed(code.steps_left - 1),
    )


def _after_coded(account: Account, code: Code, step: Step) -> Account:
    if (parts := account._balances_with(step.stake)) is not None:  # noqa: SLF001  # this module's own
        return _after_balanced(account, parts, code, step)
    factor = code.log_share() if step.proven else code.log_rest()
    released = step.message_log_probability
    is_over = factor == SPENT or (step.proven and account.contract.adaptivity is Adaptivity.FIRST_CHANGE)
    return replace(
        account,
        log_budget=SPENT if is_over else account.log_budget + factor + released,
        # A FAIL at the last guaranteed step needs no code: nothing can follow it.
        log_code=account.log_code + (0.0 if factor == SPENT else factor) + released,
        code=code.after(step.proven),
    )


def _after_balanced(account: Account, parts: Balances, code: Code, step: Step) -> Account:
    released = step.message_log_probability
    paid = parts.after(code.log_share(), code.log_rest(), step.stake, step.proven)
    left = Balances(paid.log_automatic + released, paid.log_declared + released)
    return replace(
        account,
        log_budget=left.log_total,
        # A FAIL at the last guaranteed step needs no code: nothing can follow it.
        log_code=account.log_code + (released if left.log_total == SPENT else left.log_total - account.log_budget),
        code=code.after(step.proven),
        balances=left,
    )
