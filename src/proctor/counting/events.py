"""
Events by which a method tells examples apart.

An event is data, so that an engine elsewhere can look for it in its own way, and knows how to find itself in arrays.
With k events an example has one of 2^k codes: the sum of 2^i over the events i that happen on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from proctor.frozen import dataclass
from proctor.language import Variable
from proctor.spelling import class_in

if TYPE_CHECKING:
    from proctor.counting.panel import Labeled, Mask, Panel, Values


@dataclass(frozen=True)
class Right:
    """A model predicts the label; where there is no model, or no label, it does not."""

    model: Variable

    def happens(self, panel: Panel, labels: Labeled, piece: slice) -> Mask | None:
        """Examples of a piece on which it happens; ``None`` if it cannot."""
        values = panel.of(self.model)
        if values is None:
            return None
        right: Mask = values[piece] == labels.values[piece]
        return right if labels.known is None else right & labels.known[piece]


@dataclass(frozen=True)
class Differ:
    """Two models predict different classes; a model that is not there differs from nothing."""

    one: Variable = Variable.N
    other: Variable = Variable.O

    def happens(self, panel: Panel, labels: Labeled, piece: slice) -> Mask | None:
        """Examples of a piece on which it happens; ``None`` if it cannot."""
        some, others = panel.of(self.one), panel.of(self.other)
        if some is None or others is None:
            return None
        differ: Mask = some[piece] != others[piece]
        return differ


@dataclass(frozen=True)
class Positive:
    """The label is a class; where there is no label, it is not."""

    name: str

    def happens(self, panel: Panel, labels: Labeled, piece: slice) -> Mask | None:
        """Examples of a piece on which it happens."""
        is_positive = is_class(labels.values[piece], self.name)
        return is_positive if labels.known is None else is_positive & labels.known[piece]


@dataclass(frozen=True)
class Called:
    """A model predicts a class; a model that is not there predicts none."""

    model: Variable
    name: str

    def happens(self, panel: Panel, labels: Labeled, piece: slice) -> Mask | None:
        """Examples of a piece on which it happens; ``None`` if it cannot."""
        values = panel.of(self.model)
        return None if values is None else is_class(values[piece], self.name)


@dataclass(frozen=True)
class Drawn:
    """An example is drawn for labeling: a share of all is, whatever becomes of them."""

    share: float

    def happens(self, panel: Panel, labels: Labeled, piece: slice) -> Mask | None:
        """Examples of a piece on which it happens."""
        return panel.drawn(self.share, piece)


Event = Right | Differ | Positive | Called | Drawn

JOINT: tuple[Event, ...] = (Right(Variable.N), Right(Variable.O), Right(Variable.A), Differ())
"""Everything that accuracies and the share of changed predictions are counted from, in the order of the variables."""


def event_of(variable: Variable) -> Event:
    """The event whose share of the population *variable* is."""
    return Differ() if variable is Variable.D else Right(variable)


class Coding(Protocol):
    """Anything that gives a code to each example; every method is one."""

    @property
    def events(self) -> tuple[Event, ...]:
        """Events that tell examples apart."""

    def needs_label(self, panel: Panel) -> Mask:
        """Examples on which the label matters; computed from predictions alone."""


def is_class(values: Values, name: str) -> Mask:
    """Mask of the class of this name; a whole number in the text is the number where classes are numbers."""
    meant = name if values.dtype.kind == "U" else class_in(name)
    is_comparable = isinstance(meant, str) == (values.dtype.kind == "U")
    found: Mask = values == meant if is_comparable else values != values
    return found
