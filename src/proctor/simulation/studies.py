"""Studies of policies: the world that suits the condition, the gates side by side, one developer for all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cached_property

import numpy as np

from proctor import conditions
from proctor.budget import Mode
from proctor.conditions import Clause, Formula, Variable, clauses, variables
from proctor.errors import Misuse
from proctor.frozen import dataclass, replace
from proctor.language import Linear
from proctor.language.clauses import mapped
from proctor.language.quantities import DISAGREEMENT
from proctor.methods import is_gain, method_of
from proctor.methods.sizing import Progress, within
from proctor.reports.simulation import Study, Tally
from proctor.simulation.aims import Aim, Tuner
from proctor.simulation.decisions import Examiner, Floats, evidence, holds
from proctor.simulation.developers import Breadth, Climber, Developer, Repeater, Slider
from proctor.simulation.gates import BONFERRONI, GUARANTEED, Accounted, Gate, line_up
from proctor.simulation.lives import Setting, live
from proctor.simulation.populations import (
    BLOCKS,
    climbing_worlds,
    climbing_worlds_of,
    noisy_world,
    noisy_world_of,
)
from proctor.simulation.request import Request
from proctor.simulation.staking import prospect_of, side_by_side
from proctor.simulation.worlds import Contest, Models, Switches, World

_NOISE = 0.05
_ACCURACY = 0.75
_LEAP = 0.1
_CHANGED = 0.1


class Kind(StrEnum):
    """Kind of behavior of a developer."""

    ATTACK = "attack"
    AA = "aa"
    RATCHET = "ratchet"
    STAKES = "stakes"


def study(request: Request, kind: Kind, progress: Progress | None = None) -> Study:
    """
    Simulate a developer of this *kind*.

    Raises:
        ConditionError: If the condition cannot be read.
        Misuse: If there is nothing to simulate under this condition.
    """
    simulate = {Kind.ATTACK: attack, Kind.AA: repetition, Kind.RATCHET: ratchet, Kind.STAKES: staking}[kind]
    return simulate(request, progress)


def attack(request: Request, progress: Progress | None = None) -> Study:
    """Play a developer who learns from every released bit and climbs on the test set (theory.md §8.3)."""
    formula = request.formula
    world = _climbable(request, formula)
    breadth = _breadth(formula)

    def developer(n_counted: int) -> Developer:
        tuner = Tuner(formula, request.contract.mode, world.population(), n_counted)
        return Climber(tuner, breadth, request.steps, request.baseline_moves, request.random(2))

    tallies = _counted_rightly_and_not(request, world, formula, developer, progress)
    said = "climbs on the test set: explores at random, keeps what was lucky, commits it all together"
    return _study(request, Kind.ATTACK, said, tallies)


def repetition(request: Request, progress: Progress | None = None) -> Study:
    """Play a developer who trains and commits the same model again and again: there is never a gain."""
    formula = request.formula
    world, noise = _noisy(request, formula)

    def developer(_: int) -> Developer:
        return Repeater(noise, request.random(2))

    tallies = _counted_rightly_and_not(request, world, formula, developer, progress)
    said = "commits the same model again and again; only the noise of its training differs"
    return _study(request, Kind.AA, said, tallies)


def ratchet(request: Request, progress: Progress | None = None) -> Study:
    """
    Play a developer whose every commit is a little worse than the last accepted one, within the margin (theory.md §5).

    Raises:
        Misuse: If the condition does not allow a loss against the baseline.
    """
    without, anchored = _with_and_without_anchor(request)
    world, noise = _noisy(request, without)

    def developer() -> Developer:
        return Slider(noise, max(1, round(request.drop * world.size)), request.random(2))

    gates, tallies = _gates_for_sliding(request), list[Tally]()
    for half, formula in enumerate((without, anchored)):
        part = within(progress, half, 2)
        tallies += _side_by_side(setting_of(request, world, formula), gates, developer, str(formula), part)
    said = f"commits a model that is {100 * request.drop:g} points worse than the last accepted one, every time"
    return _study(request, Kind.RATCHET, said, tuple(tallies))


def staking(request: Request, progress: Progress | None = None) -> Study:
    """
    Play teams that stake, by development data or by habit, beside one that does not (theory.md §4.5).

    Raises:
        Misuse: If the condition is not one gain over the baseline, or predictions are given.
    """
    if request.table is not None:
        raise Misuse("stakes are simulated without a table of predictions", hint="Leave --predictions out.")
    if request.cluster_size is not None:
        raise Misuse(
            "stakes are simulated by independent examples alone, and not by clusters",
            hint="Take an example for what a cluster is: proctor simulate --mode stakes --condition "
            f"'{request.condition}' --examples {request.examples}.",
        )
    changed = _CHANGED if request.disagreement is None else request.disagreement
    prospect = prospect_of(request.formula, request.contract, request.examples, request.steps, changed)
    tallies = side_by_side(prospect, request.condition, request.repetitions, request.seed, progress)
    said = f"commits an improvement of {100 * prospect.gain:g} points one time in three, and no gain at other times"
    world = "results are normal draws, independent between commits"
    return replace(_study(request, Kind.STAKES, said, tallies), world=world)


# --- the parts of a study --------------------------------------------------------------------------------------------


def _gates(request: Request) -> tuple[Gate, ...]:
    return line_up(request.contract, request.stakes, request.steps)


def _gates_for_sliding(request: Request) -> tuple[Gate, ...]:
    """Nobody climbs here: gates that differ only in how they divide a level would say the same twice."""
    return tuple(gate for gate in _gates(request) if gate.name not in {BONFERRONI, GUARANTEED})


def _counted_rightly_and_not(
    request: Request,
    world: World,
    formula: Formula,
    developer: Callable[[int], Developer],
    progress: Progress | None,
) -> tuple[Tally, ...]:
    """
    Tallies of all gates; with clusters, then of those with an account that takes each example for independent.

    The *developer* knows how many observations the gate counts.
    """
    gates, setting, size = _gates(request), setting_of(request, world, formula), request.cluster_size

    def one() -> Developer:
        return developer(request.examples)

    if size is None:
        return _side_by_side(setting, gates, one, request.condition, progress)
    first, second = (within(progress, half, 2) for half in range(2))
    by_clusters = _side_by_side(setting, gates, one, f"{request.condition}, by clusters", first)
    naive = setting._replace(testset=setting.testset.repeated(size), examiner=Examiner(formula, request.contract.mode))
    accounts = [gate for gate in gates if isinstance(gate, Accounted)]
    counted = _side_by_side(
        naive, accounts, lambda: developer(request.n_examples), f"{request.condition}, each example counted", second
    )
    return *by_clusters, *(replace(tally, is_ours=False) for tally in counted)  # which promises nothing of that


def setting_of(request: Request, world: World, formula: Formula) -> Setting:
    """
    World, test sets and condition; clusters, whose examples are all alike, are tested by betting on their values.

    So are those of a real test set, on the means of theirs (`proctor.methods.clustered`).
    """
    if request.cluster_size is not None:
        formula = mapped(formula, lambda clause: replace(clause, quantity=Linear(*clause.quantity.weights)))
    examiner = Examiner(formula, request.contract.mode)
    testset = world.draw(request.examples, request.repetitions, request.random(1), in_order=examiner.needs_order)
    return Setting(world, testset, examiner, request.steps, request.baseline_moves)


def _side_by_side(
    setting: Setting,
    gates: Iterable[Gate],
    developer: Callable[[], Developer],
    text: str,
    progress: Progress | None,
) -> tuple[Tally, ...]:
    gates, tallies = tuple(gates), []
    for done, gate in enumerate(gates):
        part = within(progress, done, len(gates))
        tallies.append(replace(live(setting, gate, developer(), part), condition=text))
    return tuple(tallies)


def _study(request: Request, kind: Kind, developer: str, tallies: tuple[Tally, ...]) -> Study:
    table = request.table
    world = (
        "a made-up population whose every accuracy is known"
        if table is None
        else f"the {len(table.labels):,} examples of {table.name}, taken as the population, and its "
        f"{len(table.predictions)} models"
    )
    return Study(
        kind=kind.value,
        mode=request.contract.mode.value,
        error_probability=request.contract.error_probability,
        examples=request.n_examples,
        cluster_size=request.cluster_size,
        steps=request.steps,
        repetitions=request.repetitions,
        seed=request.seed,
        world=world,
        developer=developer,
        tallies=tallies,
    )


# --- worlds that suit a condition ------------------------------------------------------------------------------------


def _climbable(request: Request, formula: Formula) -> World:
    """The first world in which the whole attack can be carried out; failing that, one where it can be begun."""
    begun: World | None = None
    for world in _climbing_worlds(request, formula):
        tuner = Tuner(formula, request.contract.mode, world.population(), request.examples)
        rehearsal = _Rehearsal(request, world, tuner)
        if rehearsal.can_begin:
            begun = begun or world
            if rehearsal.can_end:
                return world
    if begun is not None:
        return begun
    raise Misuse(
        f"no attack is played for the condition {request.condition!r}: in no population at hand is it provable "
        f"with {request.examples:,} examples",
        hint="Give more --examples, or another condition.",
    )


@dataclass(frozen=True)
class _Rehearsal:
    """Rehearsal, in a world, of an attack in which every other exploration is lucky."""

    request: Request
    world: World
    tuner: Tuner

    @property
    def can_begin(self) -> bool:
        """True if the first exploration can be made without a leap."""
        leap = abs(int(self._explored.candidate.rung[0]) - self.world.start)
        return leap <= _LEAP * self.world.size and self.tuner.is_served(self._explored, Aim.TALK, self._levels)

    @property
    def can_end(self) -> bool:
        """True if the last two commits can be made after all that was explored."""
        half = self._alternating
        if not self._moves:
            return self.tuner.is_served(self._contest(half, self._first), Aim.CASH, self._levels)
        climbed = (self._explored.candidate.rung - self.world.start) * (self.request.steps - 2) // 2
        later = Models(half, self._first.rung + climbed)
        if not 0 <= later.rung[0] <= self.world.rungs:
            return False
        carried = self._contest(~half, later)
        if not self.tuner.is_served(carried, Aim.MOVE, self._levels):
            return False
        baseline = self.tuner.tuned(carried, Aim.MOVE, self._levels).candidate
        return self.tuner.is_served(self._contest(half, baseline), Aim.CASH, self._levels)

    @property
    def _moves(self) -> bool:
        return self.request.baseline_moves and Variable.O in variables(self.tuner.formula)

    @property
    def _levels(self) -> Floats:
        return np.array([self.request.contract.log_error_probability - math.log(self.request.steps)])

    @property
    def _first(self) -> Models:
        return self.world.first_models(1)

    @property
    def _alternating(self) -> Switches:
        return np.asarray(np.arange(self.world.n_blocks)[None] % 2 == 0)

    @cached_property
    def _explored(self) -> Contest:
        is_one = _breadth(self.tuner.formula) is Breadth.ONE_BLOCK
        changed = np.arange(self.world.n_blocks)[None] < 1 if is_one else self._alternating
        return self.tuner.tuned(self._contest(changed, self._first), Aim.TALK, self._levels)

    def _contest(self, changed: Switches, baseline: Models) -> Contest:
        return Contest(baseline._replace(changed=changed), baseline, self._first)


def _climbing_worlds(request: Request, formula: Formula) -> Iterable[World]:
    explorations = max(1, request.steps - 2)
    blocks = explorations if _breadth(formula) is Breadth.ONE_BLOCK else BLOCKS
    if request.table is not None:
        return climbing_worlds_of(request.table, blocks, request.random(0))
    differences = [c.threshold for c in clauses(formula) if method_of(c.quantity).is_paired and c.above]
    if not differences:
        return climbing_worlds(blocks, 0.0, 0.0)
    towards = 1 if request.contract.mode is Mode.FP_FREE else -1
    return climbing_worlds(blocks, max(differences), towards * request.examples**-0.5)


def _breadth(formula: Formula) -> Breadth:
    is_compared = Variable.O in variables(formula) or Variable.A in variables(formula)
    return Breadth.ONE_BLOCK if is_compared else Breadth.HALF


def _noisy(request: Request, formula: Formula) -> tuple[World, float]:
    """A world of noisy training; the model is as good as it can be while the condition does not hold."""
    noise = _noise_of(request, formula)
    if request.table is not None:
        return noisy_world_of(request.table, noise)
    return noisy_world(noise, _tempting_accuracy(request, formula, noise))


def _tempting_accuracy(request: Request, formula: Formula, noise: float) -> float:
    """Accuracy at which a repeated model is nearest to a wrong proof; it matters where n, o or a stand alone."""
    best, found = -np.inf, _ACCURACY
    for accuracy in (_ACCURACY, *np.arange(0.3, 0.96, 0.01)):
        world, _ = noisy_world(noise, float(accuracy))
        same = world.first_models(1)
        events = world.population().events(Contest(same, same, same))
        is_fp_free = request.contract.mode is Mode.FP_FREE
        shown = float(evidence(formula, events, request.examples)[0]) * (1 if is_fp_free else -1)
        if bool(holds(formula, events)[0]) != is_fp_free and shown > best + 1e-9:
            best, found = shown, float(accuracy)
    return found


def _noise_of(request: Request, formula: Formula) -> float:
    """Anticipated disagreement of two runs: as declared, or half of what a clause on d allows, or 5 %."""
    if request.disagreement is not None:
        return request.disagreement
    caps = [c.threshold for c in clauses(formula) if c.quantity == DISAGREEMENT and not c.above]
    return min([_NOISE, *(cap / 2 for cap in caps if cap > 0)])


def _with_and_without_anchor(request: Request) -> tuple[Formula, Formula]:
    """The condition without its clauses on the anchor, and with one that bounds the sum of all losses."""
    formula = request.formula
    without = conditions.restrict(formula, frozenset(Variable) - {Variable.A})
    margins = [c for c in clauses(without) if _is_margin(c)] if without is not None else []
    if without is None or not margins:
        raise Misuse(
            f"the condition {request.condition!r} allows no loss against the baseline, so a ratchet has no room",
            hint="A ratchet needs a condition of non-inferiority, such as 'n - o > -0.02 +/- 0.01'.",
        )
    if Variable.A in variables(formula) and request.anchor is None:
        return without, formula
    margin = margins[0]
    clause = request.anchor or f"n - a > {margin.threshold!r}"
    both = conditions.normalize(conditions.parse(f"({without}) and ({clause})"))
    return without, both


def _is_margin(clause: Clause) -> bool:
    """True if a clause is one of non-inferiority to the baseline."""
    return is_gain(clause) and clause.threshold < 0
