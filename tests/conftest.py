"""How properties are tried: the same examples in every run, and no verdict on how fast the machine is; and no key."""

import os
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, settings

from proctor.environment import forget_keys

settings.register_profile("proctor", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("proctor")

_numbers = count()


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: while a test waits for the end of a slot, another one runs."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first: at the end nobody waits for the one worker that has just begun a long one."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _marks_of_this_test_alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """High-water marks of books last in the user's state folder: those of another test would refuse fresh books."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / f"state-{next(_numbers)}"))


@pytest.fixture(autouse=True)
def _no_key_of_another_test() -> Iterator[None]:
    """A process remembers the owner's key that it took from its environment; a test must not find another's."""
    yield
    forget_keys()
