"""The share of examples that a model gets wrong: ``error(n)`` is ``1 - n``."""

from __future__ import annotations

from decimal import Decimal

from proctor.language import Call
from proctor.language.tree import Number, Subtract
from proctor.methods.metric import Metric, model_of


def _means(call: Call) -> Subtract:
    return Subtract(Number(Decimal(1)), model_of(call))


ERROR = Metric("error", "the share of examples that a model gets wrong", _means, ("err", "error_rate", "zero_one_loss"))
