"""
Ways of judging a clause, one module for each kind of quantity, and the table of them.

Evaluation, planning, simulation and the words for a condition ask :func:`method_of` and know no kinds of quantity.
Importing this package loads the standard library alone; the statistics come with the first decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from proctor.conditions import Difference, Linear, Proportion, Quantity
from proctor.methods.difference import DifferenceMethod
from proctor.methods.linear import LinearMethod
from proctor.methods.method import Method, Outcomes
from proctor.methods.proportion import ProportionMethod

METHODS: Mapping[type[Quantity], Callable[[Any], Method[Any, Any]]] = {
    Proportion: ProportionMethod,
    Difference: DifferenceMethod,
    Linear: LinearMethod,
}
"""The method of each kind of quantity."""


def method_of(quantity: Quantity) -> Method[Any, Any]:
    """The way in which clauses on *quantity* are judged."""
    return METHODS[type(quantity)](quantity)


__all__ = ["METHODS", "Method", "Outcomes", "method_of"]
