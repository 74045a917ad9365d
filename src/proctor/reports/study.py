"""
What a simulation found, as plain values: the border between `proctor.simulation` and its renderers.

Nothing here is private: the test sets are drawn for the simulation and thrown away with it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tally:
    """
    What one gate did over many lives of a test set.

    Attributes:
        gate: Name of the gate, in words.
        condition: What it decided.
        is_ours: True if its levels come from an account of `proctor.budget`.
        lives: Number of lives that were simulated.
        false_lives: Lives with at least one wrong proof: a PASS whose condition is false in the population
            (in ``fn-free``, a FAIL whose condition is true).
        interval: Clopper–Pearson interval (95 %) for the probability of such a life.
        commits: Evaluations in a life, on average; fewer than asked for where the test set was spent.
        passes: Passes in a life, on average.
        leakage_bits: Description length of what was released, on average: of an account under its own code, of any
            other gate under the adaptive one, so that they compare.
        overestimate: By how much the test set flatters the model that is accepted at the end: its accuracy on the
            test set less that in the population, on average.
        gain: Accuracy, in the population, of the model accepted at the end less that of the first one, on average.
        false_by_commit: For each commit, the lives in which a wrong proof has been released by then.

    """

    gate: str
    condition: str
    is_ours: bool
    lives: int
    false_lives: int
    interval: tuple[float, float]
    commits: float
    passes: float
    leakage_bits: float
    overestimate: float
    gain: float
    false_by_commit: tuple[int, ...]

    @property
    def share(self) -> float:
        """Share of the lives that had a wrong proof."""
        return self.false_lives / self.lives


@dataclass(frozen=True)
class Study:
    """
    A simulation and what came out.

    Attributes:
        kind: ``attack``, ``aa`` or ``ratchet``.
        mode: ``fp-free`` or ``fn-free``: which outcome has to be proven.
        error_probability: The contract's δ; at most so many lives may have a wrong proof.
        examples: Examples in a test set.
        steps: Commits in a life.
        repetitions: Lives for each gate.
        seed: Seed of the random generator.
        world: Where the models live, in words.
        developer: What the developer does, in words.
        tallies: One for each gate.
        notes: Further remarks, each a sentence.

    """

    kind: str
    mode: str
    error_probability: float
    examples: int
    steps: int
    repetitions: int
    seed: int
    world: str
    developer: str
    tallies: tuple[Tally, ...]
    notes: tuple[str, ...] = ()

    @property
    def proof(self) -> str:
        """The outcome that has to be proven: ``pass`` or ``fail``."""
        return "pass" if self.mode == "fp-free" else "fail"
