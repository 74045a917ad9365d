"""
A continuous-integration gate for machine-learning models that keeps the accounts of its test set.

The public Python interface: every name is loaded when it is first used, so that importing this package costs nothing.

Example:
    What `proctor check` does, from Python::

        gate = proctor.load_gate("proctor.yml")
        release = proctor.check(gate, proctor.Runtime())
        print(release.verdict, release.budget.leakage_bits)

"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from proctor import errors, stats
    from proctor.budget import Contract
    from proctor.conditions import normalize, parse
    from proctor.errors import ProctorError
    from proctor.gatefile import Gate
    from proctor.planning import Plan, Request, plan
    from proctor.release import BudgetReport, Release, Status, Verdict
    from proctor.runtime import Runtime
    from proctor.service import check, load_gate, status
    from proctor.words import explain

_HOMES = {
    "BudgetReport": "proctor.release:BudgetReport",
    "Contract": "proctor.budget:Contract",
    "Gate": "proctor.gatefile:Gate",
    "Plan": "proctor.planning:Plan",
    "ProctorError": "proctor.errors:ProctorError",
    "Release": "proctor.release:Release",
    "Request": "proctor.planning:Request",
    "Status": "proctor.release:Status",
    "Runtime": "proctor.runtime:Runtime",
    "Verdict": "proctor.release:Verdict",
    "check": "proctor.service:check",
    "errors": "proctor.errors",
    "explain": "proctor.words:explain",
    "load_gate": "proctor.service:load_gate",
    "normalize": "proctor.conditions:normalize",
    "parse": "proctor.conditions:parse",
    "plan": "proctor.planning:plan",
    "stats": "proctor.stats",
    "status": "proctor.service:status",
}

__all__ = [
    "BudgetReport",
    "Contract",
    "Gate",
    "Plan",
    "ProctorError",
    "Release",
    "Request",
    "Runtime",
    "Status",
    "Verdict",
    "__version__",
    "check",
    "errors",
    "explain",
    "load_gate",
    "normalize",
    "parse",
    "plan",
    "stats",
    "status",
]


def __getattr__(name: str) -> Any:
    """The public name, loaded now."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    found = importlib.import_module(module)
    value = getattr(found, attribute) if attribute else found
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted({*globals(), *__all__})
