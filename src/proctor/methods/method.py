"""
The interface of all methods: everything that the gate has to know of one kind of quantity.

A method is `Counted`, if counts of its codes are all that its test needs, or `Sequential`, if the test reads the codes
one by one, in the order fixed at registration; or `Valued`, if it reads a number of each example in that order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from proctor.counting.events import Coding, Event
from proctor.counting.reading import CLASSES, Reading
from proctor.language import Clause, Quantity, Slice, Variable, quantity_variables, value_range
from proctor.methods.figures import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from proctor.counting.panel import Labeled, Mask, Panel
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

    Floats = NDArray[np.float64]
    Codes = NDArray[np.integer[Any]]

Judged = TypeVar("Judged", bound=Quantity)
Statistic = TypeVar("Statistic")
Bounds = tuple[float, float, float | None]
"""Lower and upper confidence bound, and a p-value where the test has one."""


class Valuing(Protocol):
    """Anything that gives a number to each example; every `Valued` method is one."""

    def needs_label(self, panel: Panel) -> Mask:
        """Examples on which the label matters; computed from predictions alone."""

    def values_of(self, panel: Panel, labels: Labeled) -> Floats:
        """
        The number of each example, in the order of the test set.

        Raises:
            DataError: If predictions are missing, or outside the declared range.
        """


class Outcomes(Protocol):
    """Results on the examples, as a method asks for them: `proctor.sample` has the real thing."""

    @property
    def n_examples(self) -> int:
        """Number of examples."""

    def counts(self, coding: Coding) -> Sequence[int]:
        """
        Number of examples with each code of *coding*.

        Raises:
            DataError: If an example on which the label matters has none.
        """

    def codes(self, coding: Coding) -> Codes:
        """The code of each example, in the order fixed at registration; errors as `counts`."""

    def values(self, valuing: Valuing) -> Floats:
        """The value of each example, in the order fixed at registration; errors as `counts`."""

    def cluster_means(self, valuing: Valuing) -> Floats:
        """The mean value of each cluster, in an order fixed at registration; errors as `counts`."""

    def on(self, slice_: Slice) -> Outcomes:
        """
        The same of the examples in a slice.

        Raises:
            DataError: If it is empty, or not known which examples are in it.
        """


class Claim(NamedTuple):
    """
    Claim about a quantity, and the level at which it is to be shown.

    Attributes:
        threshold: Number that the quantity is compared with.
        above: True if it is to be shown to lie above the threshold, False if below.
        log_level: Natural logarithm of the probability of a wrong rejection.
        cap: Bound on the disagreement that the test may rely on; 1 where there is none.
    """

    threshold: float
    above: bool
    log_level: float
    cap: float = 1.0


class Method(ABC, Generic[Judged, Statistic]):
    """
    One way of judging a clause, by a *statistic* that is sufficient for its test.

    Decisions take the statistic and nothing else, so that a gate, a simulation and a preflight share them.
    """

    is_paired: bool = False
    """True if two models are compared by their disagreements."""
    is_of_accuracies: bool = False
    """True if it follows from who is right and what changes: simulations draw no more, ease.ml/ci knows no more."""
    unit: Unit = Unit.POINTS
    """Unit in which its tolerances are told."""
    is_told_by_letters: bool = False
    """True if its plain words speak of n, o, a and d, which then have to be explained."""

    def __init__(self, quantity: Judged) -> None:
        self.quantity = quantity

    @property
    def classes(self) -> frozenset[str]:
        """Classes that it speaks of by name."""
        return frozenset()

    @property
    def own(self) -> frozenset[str]:
        """Functions of the owner of the test set that it asks, by name."""
        return frozenset()

    @property
    def reading(self) -> Reading | None:
        """Way in which files of predictions and labels are to be read; ``None`` where any reading will do."""
        return CLASSES

    @property
    def is_against_baseline(self) -> bool:
        """True if the two models that are compared are candidate and baseline."""
        return self.is_paired and self.labeled_together == {Variable.N, Variable.O}

    @property
    def labeled_together(self) -> frozenset[Variable]:
        """Models whose clauses need the same labels: such labels are counted once."""
        return quantity_variables(self.quantity)

    @property
    def value_range(self) -> tuple[float, float]:
        """Lowest and highest value of the quantity, whatever the models."""
        return value_range(self.quantity)

    # --- statistics ---

    @property
    def events(self) -> tuple[Event, ...]:
        """Events by which examples are told apart: an example has one of ``2 ** len(events)`` codes."""
        return ()

    def needs_label(self, panel: Panel) -> Mask:
        """Examples whose label has to be bought; computed from predictions alone."""
        from proctor.counting.panel import needed_rows

        return needed_rows(panel, self.quantity.weights)

    def refuse_unusable(self, panel: Panel) -> None:
        """
        Refuse what cannot be judged, by predictions alone and before a label is looked at.

        Raises:
            DataError: If a function of the owner cannot score them.
        """

    @abstractmethod
    def statistic(self, outcomes: Outcomes) -> Statistic:
        """
        Statistic of the examples of a test set.

        Raises:
            DataError: If an example that it depends on has no label.
        """

    def ranked(self, statistic: Statistic, n_examples: int, above: bool) -> tuple[int, tuple[int, ...]] | None:
        """
        Split a statistic into a count and a rest: among equal rests, whoever rejects at a count rejects at higher ones.

        ``None`` where no such count is known.
        """
        return None

    def completions(self, n_needed: int) -> Iterator[Statistic | None]:
        """
        Statistics that labels of the *n_needed* examples that need one can make; those between others are left out.

        The extremes come first. ``None`` stands for what may be any.
        """
        return iter((None,))

    # --- decisions ---

    @abstractmethod
    def rejects(self, claim: Claim, statistic: Statistic, n_examples: int) -> bool:
        """
        Test whether a claim about the quantity is shown.

        Args:
            claim: The claim, and the level.
            statistic: Statistic of the examples.
            n_examples: Number of examples; at least 1.
        """

    @abstractmethod
    def estimate(self, statistic: Statistic, n_examples: int) -> float:
        """Point estimate of the quantity; NaN without examples."""

    def counts(self, statistic: Statistic) -> dict[str, int]:
        """The statistic as the owner sees it: named counts, if it is made of counts."""
        return {}

    @abstractmethod
    def bounds(self, clause: Clause, statistic: Statistic, n_examples: int, level: float) -> Bounds:
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

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on how its examples are measured, for whoever has the condition explained."""
        return ()

    def tolerance_in_words(self, tolerance: float) -> str:
        """A distance between two values of the quantity with its unit."""
        return self.value_in_words(tolerance)


class Counted(Method[Judged, Statistic]):
    """A method whose statistic follows from how often each code occurs."""

    def statistic(self, outcomes: Outcomes) -> Statistic:
        """Statistic of the counts."""
        return self.of_counts(outcomes.counts(self))

    @abstractmethod
    def of_counts(self, counts: Sequence[int]) -> Statistic:
        """Statistic of examples of which so many have each code."""


class Sequential(Method[Judged, Statistic]):
    """A method whose test reads the examples one by one."""

    def statistic(self, outcomes: Outcomes) -> Statistic:
        """Statistic of the codes, in order."""
        return self.of_codes(outcomes.codes(self))

    @abstractmethod
    def of_codes(self, codes: Codes) -> Statistic:
        """Statistic of examples with these codes, in the order fixed at registration."""


class Valued(Method[Judged, "Floats"]):
    """A method whose test reads a number of each example, one by one."""

    def statistic(self, outcomes: Outcomes) -> Floats:
        """The values, in order."""
        return outcomes.values(self)

    @abstractmethod
    def values_of(self, panel: Panel, labels: Labeled) -> Floats:
        """
        The number of each example, in the order of the test set.

        Raises:
            DataError: If predictions are missing, or outside the declared range.
        """
