"""Worlds, decisions, gates and developers of a simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from proctor import conditions
from proctor.budget import Adaptive, Adaptivity, Contract, Guaranteed, Mode, Step, fold
from proctor.conditions import Formula, Truth
from proctor.counting.coding import recoded
from proctor.counting.events import JOINT, Coding
from proctor.errors import DataError, DomainError, Misuse
from proctor.evaluation import evaluate
from proctor.methods.clustered import ClusteredMethod
from proctor.reports.simulation import is_contradicted
from proctor.simulation import Kind, Request, Table, read_table, studies, study
from proctor.simulation.aims import Aim, Tuner
from proctor.simulation.decisions import Examiner, evidence, holds
from proctor.simulation.gates import Accounted, Comparison, Fixed, GateAccounts, line_up
from proctor.simulation.populations import climbing_worlds, climbing_worlds_of, noisy_world, noisy_world_of
from proctor.simulation.worlds import EVENTS, Contest, Models, World, accuracy

WORLD = World(np.array([5, 3, 0]), np.array([2, 3, 4]), np.array([1, 0, 2]), 30, 17)


def formula_of(text: str) -> Formula:
    return conditions.normalize(conditions.parse(text))


def some_contest(world: World, lives: int, seed: int = 4) -> Contest:
    random = np.random.default_rng(seed)

    def models() -> Models:
        return Models(random.random((lives, world.n_blocks)) < 0.5, random.integers(0, world.rungs + 1, lives))

    return Contest(models(), models(), world.first_models(lives))


@dataclass(frozen=True)
class Counted:
    """Outcomes of one life, as `proctor.evaluation` asks for them."""

    events: NDArray[np.int64]
    in_order: NDArray[np.int64]

    @property
    def n_examples(self) -> int:
        return int(self.events.sum())

    def counts(self, coding: Coding) -> list[int]:
        found = [0] * (1 << len(coding.events))
        for event, count in zip(EVENTS, self.events.tolist(), strict=True):
            happens = dict(zip(JOINT, event.tolist(), strict=True))
            found[sum(happens[each] << bit for bit, each in enumerate(coding.events))] += count
        return found

    def codes(self, coding: Coding) -> NDArray[np.intp]:
        return recoded(coding.events, EVENTS)[self.in_order]


@dataclass(frozen=True)
class Alike:
    """Outcomes of one life in clusters whose examples are all alike, as `proctor.evaluation` asks for them."""

    in_order: NDArray[np.int64]
    size: int

    @property
    def n_examples(self) -> int:
        return self.size * len(self.in_order)

    def cluster_means(self, method: ClusteredMethod) -> NDArray[np.float64]:
        values = (EVENTS @ np.array(method.quantity.of.weights))[self.in_order.repeat(self.size)]
        return values.reshape(-1, self.size).mean(axis=1)


# --- worlds ----------------------------------------------------------------------------------------------------------


def test_events__agree_with_the_examples_one_by_one() -> None:
    """Counting by cells gives what counting example by example gives."""
    contest = some_contest(WORLD, 50)
    testset = WORLD.draw(200, 50, np.random.default_rng(1), in_order=True)

    one_by_one = [np.bincount(life, minlength=16) for life in testset.events_in_order(contest)]

    assert np.array_equal(np.stack(one_by_one), testset.events(contest))


def test_events__accuracies_are_those_of_the_models() -> None:
    """The events say how often candidate, baseline and anchor are right, in the population and on a test set."""
    contest = some_contest(WORLD, 20)

    for testset in (WORLD.population(), WORLD.draw(100, 20, np.random.default_rng(2))):
        events = testset.events(contest)
        for column, models in enumerate((contest.candidate, contest.baseline, contest.anchor)):
            share = events @ EVENTS[:, column] / events.sum(axis=1)
            assert np.allclose(accuracy(testset, models), share)


def test_events__one_model_against_itself_never_differs() -> None:
    """A model and itself are right together and make the same predictions."""
    first = WORLD.first_models(1)

    events = WORLD.population().events(Contest(first, first, first))[0]

    assert 0 == events @ EVENTS[:, 3]
    assert [0, 14] == np.flatnonzero(events).tolist()


def test_draw__is_the_population_on_average() -> None:
    """
    Over many test sets the accuracy of a model is that in the population.

    The mean of 4,000 lives of 100 examples strays by more than 0.006 with probability below 1e-11.
    """
    lives = 4000
    models = Models(np.broadcast_to(np.array([True, False, True]), (lives, 3)), np.full(lives, 11))
    testset = WORLD.draw(100, lives, np.random.default_rng(3))

    assert float(accuracy(WORLD.population(), models)[0]) == pytest.approx(accuracy(testset, models).mean(), abs=0.006)


# --- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode), ids=str)
@pytest.mark.parametrize(
    "text",
    [
        "n - o > 0.02",
        "n - o < 0.05 and n > 0.4",
        "n - o > 0.05 and d < 0.6 or o - a < -0.1",
        "n - 1.1 * o > 0.01 or d > 0.5",
    ],
)
def test_proves__decides_as_the_evaluation_does(text: str, mode: Mode) -> None:
    """Many lives at once get the verdicts that `proctor.evaluation.evaluate` gives them one by one."""
    formula, lives = formula_of(text), 60
    contest = some_contest(WORLD, lives)
    testset = WORLD.draw(150, lives, np.random.default_rng(5), in_order=True)
    levels = np.where(np.arange(lives) % 2, math.log(0.05), math.log(0.002))
    events, in_order = testset.events(contest), testset.events_in_order(contest)

    expected = []
    for life in range(lives):
        found = evaluate(formula, Counted(events[life], in_order[life]), mode, float(levels[life]))
        expected.append(found.is_pass[mode] == (mode is Mode.FP_FREE))

    examiner = Examiner(formula, mode)
    assert expected == examiner.proves(testset, contest, levels).tolist()
    assert 0 < sum(expected) < lives


def test_holds__equality_is_false() -> None:
    """A condition that is met exactly does not hold: the null hypothesis includes its boundary."""
    first = WORLD.first_models(1)
    events = WORLD.population().events(Contest(first, first, first))

    assert not holds(formula_of("n - o > 0"), events)[0]
    assert holds(formula_of("n - o > -0.001"), events)[0]


def test_evidence__counts_standard_errors() -> None:
    """An accuracy two standard errors above its threshold has evidence 2; a formula has that of its weakest clause."""
    events = np.zeros((1, 16))
    events[0, [0, 14]] = 0.5, 0.5  # both right on a half, both wrong on the other
    threshold = 0.5 - 2 * math.sqrt(0.25 / 400)

    assert 2.0 == pytest.approx(evidence(formula_of(f"n > {threshold}"), events, 400)[0])
    assert 2.0 == pytest.approx(evidence(formula_of(f"n > {threshold} and o > 0.1"), events, 400)[0])


# --- aims ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode), ids=str)
def test_tuned__cash_is_false_by_a_hair(mode: Mode) -> None:
    """What a proof of the tuned candidate would claim is false, and one rung further it would be true."""
    world = World(np.full(4, 100), np.full(4, 100), np.zeros(4, np.int64), 9200, 4000)
    formula = formula_of("n - o > 0.02")
    tuner = Tuner(formula, mode, world.population(), 1000)
    contest = some_contest(world, 6)

    tuned = tuner.tuned(contest, Aim.CASH, np.full(6, math.log(0.01)))
    towards = 1 if mode is Mode.FP_FREE else -1
    further = Models(tuned.candidate.changed, tuned.candidate.rung + towards)

    assert not (holds(formula, world.population().events(tuned)) == (mode is Mode.FP_FREE)).any()
    beyond = Contest(further, tuned.baseline, tuned.anchor)
    assert (holds(formula, world.population().events(beyond)) == (mode is Mode.FP_FREE)).all()


# --- gates -----------------------------------------------------------------------------------------------------------


def test_books__levels_are_those_of_the_account() -> None:
    """Each life's level is that of `proctor.budget` for its own transcript."""
    contract, stakes = Contract(0.9), Guaranteed(6, 2)
    books = GateAccounts(Accounted("ours", contract, stakes), 2, Mode.FP_FREE)
    for outcomes in ([True, False], [False, False], [True, True]):
        books.record(np.array([0, 1]), np.array(outcomes))

    transcripts = [(True, False, True), (False, False, True)]
    accounts = [fold(contract, [Step(proven, stakes) for proven in life]) for life in transcripts]
    assert [account.next_log_level(stakes) for account in accounts] == books.log_levels().tolist()
    assert [account.leakage_bits for account in accounts] == books.leakage_bits().tolist()


def test_books__naive_gates_never_lower_their_level() -> None:
    """A gate without an account tests the last commit as generously as the first."""
    books = GateAccounts(Fixed("naive", math.log(0.025)), 1, Mode.FP_FREE)
    for _ in range(40):
        books.record(np.array([0]), np.array([True]))

    assert [math.log(0.025)] == books.log_levels().tolist()


def test_line_up__shows_the_users_own_policy() -> None:
    """A policy of the paper stands beside the gates that everybody gets."""
    usual = line_up(Contract(0.99), Adaptive(), 8)
    own = line_up(Contract(0.99, adaptivity=Adaptivity.FULL, steps=8), Adaptive(8, 3), 8)

    assert isinstance(usual[0], Comparison)
    assert ["proctor, full"] == [gate.name for gate in own if gate not in usual]


# --- populations -----------------------------------------------------------------------------------------------------


def a_table(n_models: int = 5, n_examples: int = 3000) -> Table:
    random = np.random.default_rng(7)
    labels = random.integers(0, 5, n_examples)
    wrong = random.random((n_models, n_examples)) < np.linspace(0.4, 0.2, n_models)[:, None]
    return Table("made-up.npz", labels, np.where(wrong, (labels + 1 + random.integers(0, 4, wrong.shape)) % 5, labels))


def test_climbing_worlds_of__first_model_is_the_weakest_of_the_table() -> None:
    """The population is the table: the first model has exactly the accuracy of its weakest model."""
    table = a_table()
    weakest = (table.predictions == table.labels).mean(axis=1).min()

    for world in climbing_worlds_of(table, 10, np.random.default_rng(1)):
        assert weakest == pytest.approx(accuracy(world.population(), world.first_models(1))[0])


def test_climbing_worlds__leave_room_for_every_accuracy() -> None:
    """Made-up worlds have ten thousand kinds of examples and blocks that are never empty."""
    worlds = list(climbing_worlds(12, 0.01, 0.02))

    assert worlds
    assert {10_000} == {world.size for world in worlds}
    assert all((world.wins + world.losses > 0).all() for world in worlds)


@pytest.mark.parametrize("disagreement", [0.001, 0.05, 0.2])
def test_noisy_world__runs_differ_as_asked(disagreement: float) -> None:
    """Two runs differ on the asked share of the population, and never in accuracy."""
    world, noise = noisy_world(disagreement, 0.75)
    random = np.random.default_rng(3)
    runs = [Models(random.random((500, world.n_blocks)) < noise, np.full(500, world.start)) for _ in range(2)]
    events = world.population().events(Contest(runs[0], runs[1], runs[0]))

    assert disagreement == pytest.approx((events @ EVENTS[:, 3]).mean() / world.size, rel=0.1)
    assert {0.75} == set(accuracy(world.population(), runs[0]).round(3).tolist())


def test_noisy_world_of__a_table_without_disagreement_is_refused() -> None:
    """Models that never differ have no noise to play with."""
    table = Table("same.npz", np.zeros(10, int), np.zeros((3, 10), int))

    with pytest.raises(DataError, match=r"same\.npz"):
        noisy_world_of(table, 0.1)


def test_read_table__takes_the_first_pair(tmp_path: Path) -> None:
    """Arrays `y…` and `p…` with the same ending are labels and predictions."""
    np.savez(tmp_path / "t.npz", names=np.array(["a", "b"]), y_v4=np.arange(3), p_v4=np.ones((2, 3), int))

    table = read_table(tmp_path / "t.npz")

    assert ([0, 1, 2], (2, 3)) == (table.labels.tolist(), table.predictions.shape)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.arange(3)}, "no arrays"),
        ({"y": np.arange(3), "p": np.ones((2, 4))}, "shape"),
        ({"y": np.arange(3), "p": np.ones((1, 3))}, "1 models"),
    ],
)
def test_read_table__says_what_is_wrong(tmp_path: Path, arrays: dict[str, NDArray[np.float64]], message: str) -> None:
    """A table that cannot be used is refused with the file's name and how to save one."""
    np.savez(tmp_path / "t.npz", **arrays)

    with pytest.raises(DataError, match=message) as caught:
        read_table(tmp_path / "t.npz")
    assert "numpy.savez" in caught.value.hint


@pytest.mark.parametrize("content", [b"hello", b"", b"PK\x03\x04hello", b"\x93NUMPY"])
def test_read_table__not_an_archive(tmp_path: Path, content: bytes) -> None:
    """A file that is no archive, or holds pickles, is refused and never executed."""
    (tmp_path / "t.npz").write_bytes(content)

    with pytest.raises(DataError, match="cannot be read as a NumPy archive of plain arrays"):
        read_table(tmp_path / "t.npz")


def test_read_table__one_array_alone(tmp_path: Path) -> None:
    """What `numpy.save` wrote is no archive."""
    np.save(tmp_path / "t.npy", np.arange(3))

    with pytest.raises(DataError, match="cannot be read as a NumPy archive"):
        read_table(tmp_path / "t.npy")


def test_read_table__that_is_not_there(tmp_path: Path) -> None:
    """A missing file and a folder are named in our own words."""
    for place, message in ((tmp_path / "no.npz", "there is no file '.*no.npz'"), (tmp_path, "Is a directory")):
        with pytest.raises(DataError, match=message) as caught:
            read_table(place)
        assert "Errno" not in caught.value.message


# --- studies ---------------------------------------------------------------------------------------------------------

SMALL = Request("n > 0.6 +/- 0.05", Contract(0.9), Adaptive(6, 2), examples=300, steps=6, repetitions=20)


def test_study__same_seed_same_numbers() -> None:
    """A simulation is reproducible, and another seed gives other numbers."""
    again = [study(SMALL, Kind.ATTACK) for _ in range(2)]
    other = study(Request(**{**SMALL.__dict__, "seed": 2}), Kind.ATTACK)

    assert again[0] == again[1]
    assert again[0].tallies != other.tallies


def test_attack__clusters_are_judged_as_the_gate_judges_them() -> None:
    """In a simulation a cluster is one value; so it is in a sample, as long as its examples are all alike."""
    contest = some_contest(WORLD, 12)
    request = Request("n - o > 0.1 and n > 0.3", Contract(0.9), Adaptive(), 60, repetitions=12, cluster_size=4)
    setting = studies.setting_of(request, WORLD, request.formula)
    levels = np.full(12, math.log(0.2))
    proven = setting.examiner.proves(setting.testset, contest, levels)

    clustered = conditions.clustered(request.formula, "user")
    for life, in_order in enumerate(setting.testset.events_in_order(contest)):
        judged = evaluate(clustered, Alike(in_order, 4), Mode.FP_FREE, math.log(0.2))
        assert bool(proven[life]) == (judged.truth is Truth.TRUE)
    assert 0 < proven.sum() < 12


def test_study__clusters_counted_as_examples_break_the_promise() -> None:
    """
    The same model again and again: counted by fives it passes in most lives, by clusters in hardly any.

    A life has a false pass with probability at most 0.05: more than 8 of 30 such lives have one of 2e-5.
    """
    request = Request("n - o > 0 +/- 0.05", Contract(0.95), Adaptive(), 150, 12, 30, disagreement=0.3, cluster_size=10)

    done = study(request, Kind.AA)

    right = [tally for tally in done.tallies if tally.condition.endswith("by clusters") and tally.is_ours]
    wrong = [tally for tally in done.tallies if tally.condition.endswith("each example counted")]
    assert (1_500, 10) == (done.examples, done.cluster_size)
    assert max(tally.false_lives for tally in right) <= 8 < 15 < min(tally.false_lives for tally in wrong)
    assert not is_contradicted(done)


def test_study__progress_ends_at_one() -> None:
    """Progress never falls and ends at 1."""
    told: list[float] = []

    study(SMALL, Kind.AA, told.append)

    assert sorted(told) == told
    assert 1.0 == pytest.approx(told[-1])


def test_attack__withheld_outcomes_leak_nothing() -> None:
    """Under `none` the developer learns nothing, every commit becomes the baseline, and no bit leaks."""
    contract = Contract(0.9, adaptivity=Adaptivity.NONE, steps=6)
    done = study(Request(**{**SMALL.__dict__, "contract": contract}), Kind.ATTACK)

    own = done.tallies[-1]
    assert ("proctor, none", 0.0, 6.0) == (own.gate, own.leakage_bits, own.commits)


def test_attack__a_spent_set_takes_no_more_commits() -> None:
    """Under `firstChange` a life ends at its first pass."""
    contract = Contract(0.9, adaptivity=Adaptivity.FIRST_CHANGE, steps=6)
    done = study(Request(**{**SMALL.__dict__, "contract": contract}), Kind.ATTACK)

    own = done.tallies[-1]
    assert own.commits < 6
    assert own.passes <= 1


def test_ratchet__an_anchor_bounds_the_sum() -> None:
    """Without an anchor a lenient gate slides far beyond the margin; with one it stops about there (theory.md §5)."""
    request = Request("n - o > -0.02 +/- 0.01", Contract(0.9), Adaptive(), examples=1000, repetitions=10)
    done = study(request, Kind.RATCHET)

    without, anchored = (tally for tally in done.tallies if tally.gate == "point comparison")
    assert "n - o > -0.02 +/- 0.01 and n - a > -0.02" == anchored.condition
    assert without.gain < -0.1
    assert anchored.gain > -0.04


def test_ratchet__needs_a_margin() -> None:
    """A condition that asks for progress leaves nothing to slide on."""
    with pytest.raises(Misuse, match="allows no loss"):
        study(SMALL, Kind.RATCHET)


def test_attack__refuses_what_cannot_be_proven() -> None:
    """A condition out of reach of so few examples is refused, with what to do."""
    request = Request("n > 0.99999 +/- 0.000001", Contract(0.999), Adaptive(), examples=20, repetitions=5)

    with pytest.raises(Misuse, match="no attack"):
        study(request, Kind.ATTACK)


@pytest.mark.parametrize("wrong", [{"examples": 0}, {"steps": 0}, {"repetitions": 0}, {"drop": 0.0}])
def test_request__checks_its_numbers(wrong: dict[str, float]) -> None:
    """Sizes must be positive; the message names the value."""
    with pytest.raises(DomainError, match=str(next(iter(wrong)))):
        Request(**{**SMALL.__dict__, **wrong})
