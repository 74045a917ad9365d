"""Request for a simulation, refused where nothing is there to play it."""

from __future__ import annotations

import numpy as np

from proctor import conditions
from proctor.budget import Contract, Stakes
from proctor.conditions import Formula
from proctor.errors import DomainError, Misuse
from proctor.frozen import dataclass
from proctor.methods import beyond_accuracies
from proctor.simulation.populations import Table


@dataclass(frozen=True)
class Request:
    """
    Request for a simulation.

    Attributes:
        condition: The condition, as written.
        contract: The user's contract.
        stakes: The user's stakes.
        examples: Examples in a test set; with clusters, clusters.
        steps: Commits in a life.
        repetitions: Lives for each gate.
        seed: Seed of the random generator.
        disagreement: Share of the predictions that the noise of training changes; ``None`` for 5 %.
        baseline_moves: True if an accepted candidate becomes the baseline.
        table: Real predictions; ``None`` for a made-up population.
        anchor: Clause that stops a ratchet; ``None`` for the condition's own margin.
        drop: By how much each commit of the ratchet is worse.
        cluster_size: Examples of each cluster, all alike, which is judged as one observation; ``None`` if each example
            is one.
    """

    condition: str
    contract: Contract
    stakes: Stakes
    examples: int = 2000
    steps: int = 32
    repetitions: int = 300
    seed: int = 1
    disagreement: float | None = None
    baseline_moves: bool = True
    table: Table | None = None
    anchor: str | None = None
    drop: float = 0.005
    cluster_size: int | None = None

    def __post_init__(self) -> None:
        for name in ("examples", "steps", "repetitions"):
            if getattr(self, name) < 1:
                raise DomainError(f"{name} must be at least 1, not {getattr(self, name)!r}")
        if not 0 < self.drop < 1:
            raise DomainError(f"drop must lie between 0 and 1, not {self.drop!r}")
        if (metric := beyond_accuracies(self.formula)) is not None:
            raise Misuse(
                f"`{metric}` is not simulated; who is right and what changes is drawn, and not which class",
                hint="Leave that clause out, or simulate a condition on n, o and d at the same level.",
            )
        if asked := conditions.slices(self.formula):
            raise Misuse(
                f"the condition speaks of the slice `{asked[0]}`, and whole test sets are simulated only",
                hint="Leave the slice out: on a slice, the tests are the same.",
            )

    @property
    def formula(self) -> Formula:
        """The condition in normal form."""
        return conditions.normalize(conditions.parse(self.condition))

    @property
    def n_examples(self) -> int:
        """Number of examples in a test set."""
        return self.examples * (self.cluster_size or 1)

    def random(self, stream: int) -> np.random.Generator:
        """One of several independent sources of randomness; the same one at every call."""
        return np.random.default_rng([self.seed, stream])
