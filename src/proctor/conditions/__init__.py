"""
The language of conditions: text to syntax tree, to clauses in normal form.

::

    parse        text     -> tree       parser.py (grammar.lark, mistakes.py)
    normalize    tree     -> formula    clauses.py
    truth        formula  -> Truth      logic.py
    allocate     formula  -> levels     logic.py
    question_of  formula  -> the text that stands for every way to write it   question.py

Importing this package loads the standard library alone; lark comes with the first :func:`parse`.
"""

from __future__ import annotations

from proctor.conditions.clauses import Clause, Formula, clauses, normalize, restrict, variables
from proctor.conditions.logic import Assignment, Truth, allocate, truth
from proctor.conditions.parser import parse
from proctor.conditions.quantities import Difference, Linear, Proportion, Quantity, quantity_variables, value_range
from proctor.conditions.question import named_in, question_of, question_of_text
from proctor.conditions.tree import AllOf, AnyOf, Comparator, Comparison, Condition, Variable

__all__ = [
    "AllOf",
    "AnyOf",
    "Assignment",
    "Clause",
    "Comparator",
    "Comparison",
    "Condition",
    "Difference",
    "Formula",
    "Linear",
    "Proportion",
    "Quantity",
    "Truth",
    "Variable",
    "allocate",
    "clauses",
    "named_in",
    "normalize",
    "parse",
    "quantity_variables",
    "question_of",
    "question_of_text",
    "restrict",
    "truth",
    "value_range",
    "variables",
]
