"""Tests of the normal distribution in logarithms, against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from proctor.stats import normal

DEVIATES = np.concatenate([np.linspace(-60, 9, 700), -np.geomspace(60, 1e6, 50)]).tolist()
LOGS = (-np.concatenate([np.geomspace(1e-15, 1, 300), np.geomspace(1, 1e8, 300)])).tolist()


def test_log_cdf__agrees_with_scipy():
    """To twelve digits at any depth."""
    assert special.log_ndtr(DEVIATES) == pytest.approx([normal.log_cdf(each) for each in DEVIATES], rel=1e-12)


def test_cdf__agrees_with_scipy():
    """To twelve digits where floats reach."""
    assert special.ndtr(DEVIATES) == pytest.approx([normal.cdf(each) for each in DEVIATES], rel=1e-12)


def test_quantile__agrees_with_scipy():
    """To eleven digits, from certainty down to levels that no float holds."""
    found = [normal.quantile(each) for each in LOGS]

    assert special.ndtri_exp(LOGS) == pytest.approx(found, rel=1e-11, abs=1e-14)


def test_quantile__ends():
    """Certain and impossible events have infinite deviates; a logarithm above 0 has none."""
    assert (math.inf, -math.inf) == (normal.quantile(0.0), normal.quantile(-math.inf))
    assert math.isnan(normal.quantile(0.1))
