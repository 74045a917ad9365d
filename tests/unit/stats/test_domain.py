"""What is a count and what is a level: the same for every statistic, whatever type it comes in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proctor.errors import DomainError
from proctor.stats import bennett, binomial, bounded, domain, hinge, hoeffding, paired
from proctor.stats.paired import PairedTest


@pytest.mark.parametrize("whole", [200, 200.0, np.uint8(200), np.int64(200), np.float64(200), np.array(200)])
def test_count__whole_numbers_of_any_type(whole):
    """Whole numbers of every type become Python's, which do not wrap around."""
    counted = domain.count("it", whole)

    assert (200, int) == (counted, type(counted))


@pytest.mark.parametrize("value", [-1, 1.5, math.nan, math.inf, "5", None, [5], np.array([5]), 5 + 0j, 2**53 + 1])
def test_count__anything_else_is_refused(value):
    """What is no whole number from 0 up is quoted."""
    with pytest.raises(DomainError, match=r"it must be a whole number from 0"):
        domain.count("it", value)


def test_small_integers_do_not_wrap_around():
    """200 wins and 100 losses are 300 of 280 examples, in eight bits as elsewhere."""
    with pytest.raises(DomainError, match="200 wins and 100 losses are more than 280 examples"):
        paired.p_value(np.uint8(200), np.uint8(100), 280, 0.0, 0.01)
    assert paired.lower_bound(80, 90, 400, 0.01) == paired.lower_bound(np.uint8(80), np.uint8(90), np.int16(400), 0.01)
    assert PairedTest(1_000.0, 0.0, -700.0).rejects(np.uint16(900), np.uint16(50)) is False


def test_upper_bound__quotes_what_was_given():
    """The mirrored bound does not speak of mirrored counts."""
    with pytest.raises(DomainError, match="successes must be a whole number from 0 to 10, not 11"):
        binomial.upper_bound(11, 10, 0.01)


@pytest.mark.parametrize("n", [math.nan, math.inf, -1, 1.5])
@pytest.mark.parametrize(
    "call",
    [
        lambda n: binomial.lower_bound(1, n, 0.01),
        lambda n: binomial.upper_bound(1, n, 0.01),
        lambda n: binomial.rejects(1, n, 0.5, -3.0),
        lambda n: paired.p_value(1, 0, n, 0.0, 0.01),
        lambda n: paired.lower_bound(1, 0, n, 0.01),
        lambda n: paired.reachable_tolerance(paired.Demand(0.0, -3.0, -2.0, 0.2), n),
        lambda n: PairedTest(100, 0.0, -3.0).rejects(n, 1),
        lambda n: PairedTest(100, 0.0, -3.0).rejects(1, n),
        lambda n: hinge.log_p_value(1, n, 0.5),
        lambda n: hinge.critical_total(n, 0.5, -3.0),
        lambda n: hinge.reachable_mean(n, 0.5, -3.0, -2.0),
        lambda n: hoeffding.composite_tolerance(n, -3.0, [1, -1]),
        lambda n: bennett.tolerance_reached(n, -3.0, 0.1),
    ],
)
def test_number_of_examples__is_a_count(call, n):
    """No statistic takes a number of examples that cannot be one."""
    with pytest.raises(DomainError):
        call(n)


@pytest.mark.parametrize("log_level", [0.0, 1.0, math.nan])
@pytest.mark.parametrize(
    "call",
    [
        lambda log_level: binomial.rejects(1, 2, 0.5, log_level),
        lambda log_level: PairedTest(100, 0.0, log_level),
        lambda log_level: bounded.rejects([0.5], 0.1, log_level),
        lambda log_level: hinge.critical_total(10, 0.5, log_level),
        lambda log_level: hinge.log_miss(10, 0.5, 0.9, log_level),
        lambda log_level: hinge.sample_size(0.5, 0.9, log_level, -2.0),
        lambda log_level: hinge.sample_size(0.5, 0.9, -2.0, log_level),
        lambda log_level: hinge.reachable_mean(30, 0.5, log_level, -2.0),
        lambda log_level: hinge.reachable_mean(30, 0.5, -2.0, log_level),
        lambda log_level: hoeffding.log_level_sample_size(0.1, log_level),
        lambda log_level: bennett.log_level_sample_size(0.1, log_level, 0.1),
    ],
)
def test_log_level__is_negative(call, log_level):
    """The logarithm of a level lies below 0."""
    with pytest.raises(DomainError):
        call(log_level)


@pytest.mark.parametrize("mean", [0.0, 1.1, math.nan])
def test_log_miss__of_an_impossible_mean(mean):
    """A true mean outside (0, 1] has no power."""
    with pytest.raises(DomainError):
        hinge.log_miss(10, 0.5, mean, -2.0)


def test_sample_size__beyond_counting():
    """A size that no float counts is refused."""
    with pytest.raises(DomainError, match="would be needed"):
        hoeffding.sample_size(0.01, 0.001, span=1e300)


def test_coefficients__may_be_an_array():
    """Coefficients come as a list or as an array."""
    assert hoeffding.composite_log_level_sample_size(0.02, -5, [1, -1]) == hoeffding.composite_log_level_sample_size(
        0.02, -5, np.array([1, -1])
    )
