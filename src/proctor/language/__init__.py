"""
Language of conditions, and what they are made of: text, syntax tree, quantities, clauses, three-valued formulas.

::

    parse      text    -> tree      parser.py (grammar.lark, mistakes.py, habits.py)
    truth      formula -> Truth     logic.py
    allocate   formula -> levels    logic.py

Which metrics there are is for `proctor.methods` to say, and what a tree means for `proctor.conditions`.
Importing this package loads the standard library alone; lark comes with the first :func:`parse`.
"""

from __future__ import annotations

from proctor.language.clauses import (
    DRAWN,
    Clause,
    Formula,
    can_be_sampled,
    clauses,
    clustered,
    clusters,
    expanded,
    restrict,
    sampled,
    slices,
    variables,
)
from proctor.language.logic import Assignment, Truth, allocate, truth
from proctor.language.parser import parse
from proctor.language.quantities import (
    Averaged,
    Clustered,
    Difference,
    FScore,
    Gap,
    Linear,
    MeanFScore,
    MeanRecall,
    MetricDifference,
    Proportion,
    Quantity,
    Ratio,
    Sampled,
    quantity_variables,
    value_range,
)
from proctor.language.scores import (
    Calibration,
    Form,
    Mean,
    Measure,
    Quantile,
    Ranking,
    Root,
    Score,
    TopK,
    TopKDifference,
    Within,
)
from proctor.language.tree import AllOf, AnyOf, Call, Comparator, Comparison, Condition, Slice, Variable
