"""
Numbers of examples and labels for a condition and a contract, before any data is touched (theory.md §6).

What is asked (`terms`), how each clause is sized by the exact tests (`exact`) or as ease.ml/ci does it
(`paper`), and the plan that puts them together (`whole`). No data, no clock, no files: pure functions of what the gate
file says. The paper's bounds need no NumPy, so a plan by them starts fast; the exact tests are imported when used.
"""

from proctor.planning.terms import (
    Bound,
    ClausePlan,
    Collecting,
    LifeCell,
    LifeRow,
    PaperFigures,
    Plan,
    Reach,
    Request,
    Sizes,
    Terms,
    examples_of,
)
from proctor.planning.whole import (
    NO_SLICES,
    check_possible,
    examples_needed,
    is_within_reach,
    plan,
    reachable_tolerance,
    tolerance_curve,
)
