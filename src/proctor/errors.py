"""
Every error that a person can meet, in one tree; each branch has its exit code.

::

    ProctorError
    ├── Misuse                      2   option, gate file or condition
    │   ├── DomainError                 an argument outside its domain (also a ValueError)
    │   ├── ConditionError              the condition cannot be read, or cannot mean anything
    │   ├── GateFileError               the gate file has problems (all of them at once)
    │   └── ContractError               the gate file contradicts what was fixed at registration
    ├── LabelsMissing               3   a request for the owner was written; nothing was spent
    ├── FreshTestSetNeeded          4   nothing was spent
    │   ├── BudgetSpent                 the test set has no budget left
    │   ├── ToleranceOutOfReach         the next evaluation could not resolve what is asked
    │   ├── TestSetRetired              the owner has retired the test set
    │   └── AccountHandedOn             a successor was given what it had left
    └── Unusable                    5   nothing was spent
        ├── DataError                   features, labels or predictions
        ├── ModelError                  the candidate failed, or its output is not usable
        ├── NotStarted                  the candidate's own program did not begin: no fault of its predictions
        ├── SandboxError                a sandbox is required, and none works here
        ├── GitFault                    git is missing, or refuses, in its own words
        ├── KeyFault                    a key is missing, wrong, or the sealed file was changed
        ├── MissingExtra                an optional package is not installed
        ├── StoreError                  the run store or GitHub did not answer (never changes a verdict)
        └── LedgerError
            ├── LedgerLocked            somebody else has been writing for too long
            ├── LedgerCorrupt           the chain does not verify
            ├── LedgerTooNew            written by a later version of proctor
            ├── LedgerUnwritable        read-only folder, full disk
            ├── EvaluationPending       another evaluation on sealed inputs has begun and not ended
            ├── LedgerUnreachable       server or remote does not answer
            └── LedgerMoved             somebody appended first: read again and decide again

Anything else that escapes is a bug of ours (70); Ctrl-C is 130.
"""

from __future__ import annotations

import inspect
from typing import ClassVar

PASSED, FAILED, MISUSE, LABELS_MISSING, FRESH_TEST_SET, UNUSABLE, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 5, 70, 130


class ProctorError(Exception):
    """
    Something stopped the gate before anything was spent.

    Args:
        message: What is wrong, with the user's own value quoted; defaults to the class's first line.
        hint: What to do next; printed on a line of its own.
    """

    exit_code: ClassVar[int] = UNUSABLE

    def __init__(self, message: str = "", hint: str = "") -> None:
        self.message = message or inspect.getdoc(type(self)).splitlines()[0]  # type: ignore[union-attr] # all documented
        self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class Misuse(ProctorError):
    """An option, the gate file or the condition is not usable as it stands."""

    exit_code = MISUSE


class DomainError(Misuse, ValueError):
    """An argument lies outside its domain."""


class ConditionError(Misuse):
    """The condition cannot be read, or cannot mean anything."""


class GateFileError(Misuse):
    """The gate file has problems."""


class ContractError(Misuse):
    """The gate file contradicts what was fixed when the test set was registered."""


class LabelsMissing(ProctorError):
    """Labels that this evaluation needs are missing; nothing was spent."""

    exit_code = LABELS_MISSING


class FreshTestSetNeeded(ProctorError):
    """A fresh test set is needed; nothing was spent."""

    exit_code = FRESH_TEST_SET


class BudgetSpent(FreshTestSetNeeded):
    """This test set has no budget left."""


class ToleranceOutOfReach(FreshTestSetNeeded):
    """The next evaluation on this test set could not resolve the tolerance that the condition asks for."""


class TestSetRetired(FreshTestSetNeeded):
    """This test set is retired."""

    __test__ = False  # not a test case, whatever pytest thinks of its name


class AccountHandedOn(FreshTestSetNeeded):
    """All that this test set had left belongs to the one that followed it."""


class Unusable(ProctorError):
    """Data, model or ledger cannot be used; nothing was spent."""


class DataError(Unusable):
    """Features, labels or predictions cannot be used."""


class ModelError(Unusable):
    """The model failed, or what it wrote cannot be used."""


class NotStarted(Unusable):
    """The model's program did not begin to run; nothing was spent."""


class SandboxError(Unusable):
    """The gate file requires a sandbox, and none works on this machine."""


class GitFault(Unusable):
    """Git is not installed, or there is no repository that it can read."""


class KeyFault(Unusable):
    """The key is missing or wrong, or the sealed file was changed."""


class MissingExtra(Unusable):
    """An optional package is not installed."""


class StoreError(Unusable):
    """The run store or GitHub did not take the result; the verdict is not affected."""


class LedgerError(Unusable):
    """The ledger cannot be used."""


class LedgerLocked(LedgerError):
    """Somebody else has been writing to the ledger for too long."""


class LedgerCorrupt(LedgerError):
    """The ledger's chain of hashes does not verify."""


class LedgerTooNew(LedgerError):
    """The ledger was written by a later version of proctor."""


class LedgerUnwritable(LedgerError):
    """The ledger cannot be written."""


class EvaluationPending(LedgerError):
    """Another evaluation on these sealed inputs has begun and not ended."""


class LedgerUnreachable(LedgerError):
    """The ledger's server or remote does not answer."""


class LedgerMoved(LedgerError):
    """Somebody appended to the ledger first; read again and decide again."""
