"""
A continuous-integration gate for machine-learning models that keeps the accounts of its test set.

The public Python interface: every name is loaded when it is first used, so that importing this package costs nothing.

Example:
    What the commands do, from Python; in a notebook, each of the three shows as a small table::

        gate = proctor.load_gate("proctor.yml")
        proctor.plan(gate.formula, gate.request())
        release = proctor.check(gate)  # release.verdict, release.budget.leakage_bits
        proctor.status(gate)
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
    from proctor.planning import Plan, Request
    from proctor.release import BudgetReport, Release, Status, Verdict
    from proctor.runtime import Runtime
    from proctor.service import check, load_gate, plan, status
    from proctor.surfaces.search import Answer, Exhausted, Kept, Reverted, keep
    from proctor.words import explain

_HOMES = {
    "Answer": "proctor.surfaces.search:Answer",
    "BudgetReport": "proctor.release:BudgetReport",
    "Contract": "proctor.budget:Contract",
    "Exhausted": "proctor.surfaces.search:Exhausted",
    "Gate": "proctor.gatefile:Gate",
    "Kept": "proctor.surfaces.search:Kept",
    "Plan": "proctor.planning:Plan",
    "ProctorError": "proctor.errors:ProctorError",
    "Release": "proctor.release:Release",
    "Request": "proctor.planning:Request",
    "Reverted": "proctor.surfaces.search:Reverted",
    "Runtime": "proctor.runtime:Runtime",
    "Status": "proctor.release:Status",
    "Verdict": "proctor.release:Verdict",
    "check": "proctor.service:check",
    "errors": "proctor.errors",
    "explain": "proctor.words:explain",
    "keep": "proctor.surfaces.search:keep",
    "load_gate": "proctor.service:load_gate",
    "normalize": "proctor.conditions:normalize",
    "parse": "proctor.conditions:parse",
    "plan": "proctor.service:plan",
    "stats": "proctor.stats",
    "status": "proctor.service:status",
}

__all__ = [
    "Answer",
    "BudgetReport",
    "Contract",
    "Exhausted",
    "Gate",
    "Kept",
    "Plan",
    "ProctorError",
    "Release",
    "Request",
    "Reverted",
    "Runtime",
    "Status",
    "Verdict",
    "__version__",
    "check",
    "errors",
    "explain",
    "keep",
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
