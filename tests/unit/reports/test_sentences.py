"""The sentences that every rendering shares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proctor.release import Basis, Verdict
from proctor.reports import sentences

from .samples import TESTSET, make_budget, make_release, make_status


@pytest.mark.parametrize(
    ("mode", "verdict", "expected"),
    [
        ("fp-free", Verdict.PASS, "sure to 99.9 % for the whole life of this test set"),
        ("fp-free", Verdict.FAIL, "a fail is not proof of the opposite"),
        ("fn-free", Verdict.FAIL, "sure to 99.9 % for the whole life of this test set"),
        ("fn-free", Verdict.PASS, "a pass means that the opposite could not be shown"),
        ("fp-free", Verdict.WITHHELD, "developers learn it when the test set is retired"),
    ],
)
def test_assurance__is_claimed_of_the_proven_outcome_alone(mode, verdict, expected):
    """Only the outcome that had to prove itself is said to be sure."""
    release = make_release(verdict=verdict, testset=replace(TESTSET, mode=mode))

    assert expected == sentences.assurance(release)


def test_assurance__of_an_heir_is_the_lines():
    """A set that was handed a budget shares its reliability with those before it."""
    said = sentences.assurance(make_release(testset=replace(TESTSET, inherits=True)))

    assert "sure to 99.9 % for the whole life of this test set and of those that it inherits from" == said


def test_assurance__nothing_was_tested():
    """A first acceptance claims nothing, and says that it was charged where it told something (sealed inputs)."""
    free, charged = (make_release(basis=Basis.FIRST_ACCEPTED, step=step) for step in (0, 1))

    assert "nothing was tested and nothing was spent" == sentences.assurance(free)
    assert (
        "nothing was tested; only the fact that it runs on the sealed inputs was released, and charged"
        == sentences.assurance(charged)
    )


def test_advice__first_candidate():
    """The first candidate is the baseline already."""
    assert "the next candidate is compared with this one" in sentences.advice(make_release(basis=Basis.FIRST_ACCEPTED))


def test_grade__says_what_the_guarantee_assumes():
    """theory.md §1: unconditional on sealed inputs, conditional on open ones; of what is no proof nothing is said."""
    sealed = replace(TESTSET, inputs="sealed")

    assert "unconditional" in sentences.grade(make_release(testset=sealed))
    assert "if the model was not tuned" in sentences.grade(make_release())
    assert "inputs sealed" == sentences.grade(make_release(testset=sealed, verdict=Verdict.FAIL))
    assert "inputs open" == sentences.grade(make_release(verdict=Verdict.WITHHELD))
    assert "inputs open" == sentences.grade(make_release(basis=Basis.FIRST_ACCEPTED))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "9 evaluations, 2 passes so far"),
        ({"evaluations": 1, "passes": 1}, "1 evaluation, 1 pass so far"),
        ({"evaluations": 0, "passes": 0}, "0 evaluations, 0 passes so far"),
        ({"passes": None}, "9 evaluations so far"),
        ({"passes": 1, "counts": "fails"}, "9 evaluations, 1 fail so far"),
    ],
)
def test_so_far__counts(changes, expected):
    """Evaluations and passes, in the singular where it is one; nothing where outcomes are withheld."""
    assert expected == sentences.so_far(make_budget(**changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"evaluations_left": 23, "passes_left": 1}, "23 evaluations with 1 pass left"),
        ({"evaluations_left": 23}, "23 evaluations left"),
    ],
)
def test_promised__says_only_what_is_promised(changes, expected):
    """Nothing is said where nothing is promised."""
    assert expected == sentences.promised(make_budget(**changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "the next one can resolve ±0.9 points (asked: ±1 point)"),
        ({"asked_tolerance": None}, "the next one can resolve ±0.9 points"),
        ({"next_tolerance": None}, "the next one cannot resolve any tolerance (asked: ±1 point)"),
        ({"next_level_log": None}, "the budget is spent: a new test set is needed"),
    ],
)
def test_resolution__of_the_next_evaluation(changes, expected):
    """The tolerance that the next evaluation reaches, beside the one that is asked for."""
    assert expected == sentences.resolution(make_release(budget=make_budget(**changes)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "a new test set is needed after about 3 more passes or 40 more fails"),
        ({"lasts_fails": None}, "a new test set is needed after about 3 more passes or over 1,000 more fails"),
        ({"lasts_passes": None}, "a new test set is needed after over 1,000 more passes or 40 more fails"),
        ({"lasts_passes": 0}, "a new test set is needed before the next evaluation"),
        ({"lasts_passes": None, "lasts_fails": None}, "no end in sight"),
        ({"next_level_log": None}, "a new test set is needed"),
        ({"next_tolerance": None}, "a new test set is needed before the next evaluation"),
        ({"passes": None, "evaluations_left": 6}, "a new test set is needed after 6 more evaluations"),
        ({"passes": None, "evaluations_left": 1}, "a new test set is needed after 1 more evaluation"),
        (
            {"passes": None, "evaluations_left": 6, "next_tolerance": 0.02},
            "a new test set is needed before the next evaluation",
        ),
    ],
)
def test_forecast__in_words(changes, expected):
    """How much life is left, in words that a person can use."""
    assert expected == sentences.forecast(make_release(budget=make_budget(**changes)))


def test_retired__has_no_next_evaluation():
    """Of a retired set nothing is said that would still be judged on it, whatever its budget had left."""
    status = make_status(testset=replace(TESTSET, state="retired"))

    assert "retired: nothing new is judged on it" == sentences.resolution(status)
    assert "a new test set is needed" == sentences.forecast(status)


@pytest.mark.parametrize(("bits_left", "expected"), [(0.0, "▓" * 10), (7.7, "▓" * 5 + "░" * 5), (7e9, "░" * 10)])
def test_bar__share_used(bits_left, expected):
    """The bar shows leakage so far in all that there can be, and always has ten blocks."""
    assert expected == sentences.bar(make_budget(bits_left=bits_left))


def test_bar__no_end_known():
    """Where the end is not known there is no bar; where the budget is spent it is full."""
    assert "" == sentences.bar(make_budget(bits_left=None))
    assert "▓" * 10 == sentences.bar(make_budget(next_level_log=None))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.999, "99.9 %"), (0.9999999, "99.99999 %"), (0.95, "95 %"), (0.998, "99.8 %")]
)
def test_percent__keeps_the_digits_that_there_are(share, expected):
    """No digit of a reliability is rounded away."""
    assert expected == sentences.percent(share)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_advice__says_what_to_do_next(verdict):
    """Every verdict comes with one sentence of advice; a spent set asks for a fresh one."""
    assert sentences.advice(make_release(verdict=verdict)).endswith(".")
    assert "fresh test set" in sentences.advice(make_release(budget=make_budget(next_level_log=None)))


def test_state__of_a_test_set():
    """State, size and the beginning of the fingerprint."""
    assert "in use, 5,000 examples, fingerprint f3f3f3f3f3f3" == sentences.state(make_status())
