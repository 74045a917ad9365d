"""The part that all sizings of betting tests share: the test can be simulated, and its width is known roughly."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.methods.sizes import simulation
from proctor.methods.sizes.share import SizedByShare
from proctor.methods.sizes.simulation import Scaled
from proctor.methods.sizing import ComputedAnew, Progress, Sizing


@dataclass(frozen=True)
class Simulated(SizedByShare, ComputedAnew):
    """
    Examples that a betting test takes.

    Args:
        share: What the clause may use.
        simulate: Whether the test is simulated.
        progress: Told how much of a simulation is done.
    """

    simulate: bool
    progress: Progress | None
    method: ClassVar[str] = "betting (STaR-Bets)"

    @abstractmethod
    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """The bets at the alternative, where the test set has *n_examples*."""

    @abstractmethod
    def sample_size(self) -> int:
        """Examples that it takes at the clause's own tolerance."""

    @abstractmethod
    def approximate_size(self) -> int:
        """About as many examples as the test itself needs."""

    @property
    def is_rough(self) -> bool:
        """A simulation costs seconds: other levels scale the planned one by the test's approximate size."""
        return self.simulate

    def nearby_size(self, planned: Sizing, size: int) -> int:
        """The size itself, at this level; or a simulated one, scaled."""
        if not planned.is_rough:
            return self.sample_size()
        assert isinstance(planned, Simulated)  # noqa: S101  # the same clause at another level
        return math.ceil(size * self.approximate_size() / planned.approximate_size())

    def works(self, n_examples: int, tolerance: float) -> bool:
        """True if so many examples reach a *tolerance*, by the test's known width."""
        test = self.test(tolerance, n_examples)
        return simulation.approximate_size(test, test.log_miss) <= n_examples


def smallest(works: Callable[[float], bool], farthest: float, fineness: float) -> float | None:
    """The smallest tolerance up to *farthest* that works, to a *fineness*; ``None`` if not even that one does."""
    near, far = 0.0, farthest
    if far <= 0 or not works(far):
        return None
    while far - near > fineness:
        middle = (near + far) / 2
        near, far = (near, middle) if works(middle) else (middle, far)
    return far
