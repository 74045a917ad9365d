"""The interface of all methods: everything that the gate has to know of one kind of quantity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from proctor.language import Clause, Linear, Quantity, Variable, quantity_variables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

    Floats = NDArray[np.float64]
    Events = NDArray[np.int64]

Judged = TypeVar("Judged", bound=Quantity)
Statistic = TypeVar("Statistic")


class Outcomes(Protocol):
    """Results on the examples, as a method asks for them: `proctor.sample` has the real thing."""

    @property
    def n_examples(self) -> int:
        """Number of examples."""

    def right(self, variable: Variable) -> int:
        """Number of examples on which a model is right; for ``d``, on which candidate and baseline differ."""

    def wins_and_losses(self, plus: Variable, minus: Variable) -> tuple[int, int]:
        """Numbers of examples on which only the first, and only the second, of two models is right."""

    def scores(self, quantity: Linear) -> Floats:
        """Value of a linear expression for each example, shape (n_examples,), in the order fixed at registration."""


class Method(ABC, Generic[Judged, Statistic]):
    """
    One way of judging a clause, by a *statistic* that is sufficient for its test.

    Decisions take the statistic and nothing else, so that a gate, a simulation and a preflight share them.

    Args:
        quantity: The quantity that is judged.
    """

    needs_order: ClassVar[bool] = False
    """Whether the statistic is a value for each example, in the order fixed at registration."""
    is_paired: ClassVar[bool] = False
    """Whether two models are compared by their disagreements."""
    is_told_by_letters: ClassVar[bool] = False
    """Whether its plain words speak of n, o, a and d, which then have to be explained."""

    def __init__(self, quantity: Judged) -> None:
        self.quantity = quantity

    @property
    def labeled_together(self) -> frozenset[Variable]:
        """Models whose clauses need the same labels: such labels are counted once."""
        return quantity_variables(self.quantity)

    # --- statistics ---

    @abstractmethod
    def statistic(self, outcomes: Outcomes) -> Statistic:
        """
        Statistic of the examples of a test set.

        Raises:
            DataError: If an example that it depends on has no label.
        """

    @abstractmethod
    def statistics(self, values: Floats, events: Events, in_order: Events | None) -> Iterable[Statistic]:
        """
        Statistic of each of many simulated test sets.

        Args:
            values: Value of the quantity at each event that can happen on an example, shape (events,).
            events: How often each event happens in each test set, shape (sets, events).
            in_order: Event on each example, shape (sets, examples); given where `needs_order`.
        """

    def ranked(self, statistic: Statistic, n_examples: int, above: bool) -> tuple[int, tuple[int, ...]] | None:
        """
        Split a statistic into a count and a rest: among equal rests, whoever rejects at a count rejects at higher ones.

        ``None`` where no such count is known.
        """
        return None

    # --- decisions ---

    @abstractmethod
    def rejects(
        self, clause: Clause, statistic: Statistic, n_examples: int, log_level: float, cap: float, *, above: bool
    ) -> bool:
        """
        Test whether the quantity lies above (or below) the threshold of *clause*.

        Args:
            clause: The clause, on this method's quantity.
            statistic: Statistic of the examples.
            n_examples: Number of examples; at least 1.
            log_level: Natural logarithm of the probability of a wrong rejection.
            cap: Bound on the disagreement that the test may rely on; 1 where there is none.
            above: The side that is to be shown.
        """

    @abstractmethod
    def estimate(self, statistic: Statistic, n_examples: int) -> float:
        """Point estimate of the quantity; NaN without examples."""

    def counts(self, statistic: Statistic) -> dict[str, int]:
        """The statistic as the owner sees it: named counts, if it is made of counts."""
        return {}

    @abstractmethod
    def bounds(
        self, clause: Clause, statistic: Statistic, n_examples: int, level: float
    ) -> tuple[float, float, float | None]:
        """Lower and upper confidence bound of the quantity, and the p-value of the clause if there is one."""

    # --- plan and words ---

    @abstractmethod
    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Examples that a clause takes with its *share* of level and power; *simulate* asks for the sharper plan."""

    @abstractmethod
    def in_words(self, clause: Clause) -> str:
        """The clause in plain words, without a full stop."""

    @abstractmethod
    def value_in_words(self, value: float) -> str:
        """A value of the quantity with its unit."""

    def tolerance_in_words(self, tolerance: float) -> str:
        """A distance between two values of the quantity with its unit."""
        return self.value_in_words(tolerance)
