"""Base of the quantities that a clause speaks of."""

from __future__ import annotations

from abc import abstractmethod

from proctor.language.tree import Variable

ORDER = tuple(Variable)
"""The order of coefficients."""


def alone(variable: Variable) -> tuple[float, ...]:
    """Coefficients of one variable with the coefficient 1."""
    return tuple(float(variable is other) for other in ORDER)


def compared(plus: Variable, minus: Variable | None) -> tuple[float, ...]:
    """Coefficients of one model with 1, and of another, if there is one, with -1."""
    return tuple(float(plus is other) - float(minus is other) for other in ORDER)


class Whole:
    """A quantity, as most are: of one piece, and not bounded by how many predictions change."""

    @property
    def is_bounded_by_d(self) -> bool:
        """True if it counts examples that are among those on which predictions change."""
        return False

    @property
    def terms(self) -> tuple[tuple[float, str], ...]:
        """Coefficients and names of what it is made of; none is 0."""
        return ((1.0, str(self)),)


class OfAccuracies(Whole):
    """A sum of accuracies and of the share of changed predictions, told by its coefficients."""

    @property
    @abstractmethod
    def weights(self) -> tuple[float, ...]:
        """Coefficients of n, o, a and d."""

    @property
    def terms(self) -> tuple[tuple[float, str], ...]:
        """Coefficients and letters; none is 0."""
        return tuple((weight, str(name)) for weight, name in zip(self.weights, ORDER, strict=True) if weight)


class OfTwoModels(Whole):
    """A quantity of one model, less that of another, if there is one."""

    plus: Variable
    minus: Variable | None

    @property
    def weights(self) -> tuple[float, ...]:
        """Coefficients of n, o, a and d: those of the two models."""
        return compared(self.plus, self.minus)

    @property
    def is_new_against_old(self) -> bool:
        """True if it compares the new model with the old one: only there does *d* bound anything."""
        return {self.plus, self.minus} == {Variable.N, Variable.O}


class OfOneModel(Whole):
    """
    A quantity of one model.

    Attributes:
        model: The model.
        positive: The class that it is told by, if there is one, as it is spelled in labels.
    """

    model: Variable

    @property
    def weights(self) -> tuple[float, ...]:
        """Coefficients of n, o, a and d: the model's."""
        return alone(self.model)
