"""How properties are tried: the same examples in every run, and no verdict on how fast the machine is; and no key."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from proctor.environment import forget_keys

settings.register_profile("proctor", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("proctor")


@pytest.fixture(autouse=True)
def _no_key_of_another_test() -> Iterator[None]:
    """A process remembers the owner's key that it took from its environment; a test must not find another's."""
    yield
    forget_keys()
