"""
Conditions and what they mean: text to syntax tree, to clauses in normal form.

::

    parse        text     -> tree       proctor.language
    normalize    tree     -> formula    normal.py, by the metrics of proctor.methods
    question_of  formula  -> the text that stands for every way to write it   question.py

Importing this package loads the standard library alone; lark comes with the first :func:`parse`.
"""

from __future__ import annotations

from proctor.conditions.normal import Measured, measured_by, normalize, normalize_apart
from proctor.conditions.question import named_in, question_of, question_of_text
from proctor.language import (
    AllOf,
    AnyOf,
    Assignment,
    Clause,
    Comparator,
    Comparison,
    Condition,
    Difference,
    Formula,
    Linear,
    Proportion,
    Quantity,
    Slice,
    Truth,
    Variable,
    allocate,
    can_be_sampled,
    clauses,
    clustered,
    clusters,
    expanded,
    parse,
    quantity_variables,
    restrict,
    sampled,
    slices,
    truth,
    value_range,
    variables,
)
