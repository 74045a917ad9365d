"""The gate in a pipeline of Kedro: a node that judges predictions, and a hook that ends the run where they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from proctor import service
from proctor.errors import MissingExtra
from proctor.release import Verdict
from proctor.reports.json import to_json
from proctor.runtime import Runtime
from proctor.surfaces.handing import Predictions, with_candidate

try:
    from kedro.framework.hooks import hook_impl
except ImportError as error:
    raise MissingExtra("a pipeline of Kedro needs Kedro", hint="Install it with: pip install kedro") from error

TAG = "gate"
"""Tag of nodes whose verdict the hook looks at."""


class GateFailed(click.ClickException):  # of which `kedro run` shows one line instead of a long traceback
    """The candidate of a pipeline has not passed the gate."""


def judging(gate: str = ".") -> Callable[[Predictions], dict[str, Any]]:
    """
    Function of a node: predictions in, what was released out.

    Args:
        gate: The gate file, or its folder; the node's predictions are its candidate.
    """

    def judge(predictions: Predictions) -> dict[str, Any]:
        """Judge *predictions*, by id or in the order of the test set, and record the verdict."""
        release = service.check(with_candidate(service.load_gate(gate), predictions), Runtime())
        return to_json(release)

    return judge


class GateHooks:
    """Hooks of a project: ``HOOKS = (GateHooks(),)`` in its settings."""

    @hook_impl  # type: ignore[untyped-decorator]  # Kedro is not installed where types are checked
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Any) -> None:
        """
        End the run if a node with the tag has saved a fail.

        Raises:
            GateFailed: If it has; the verdict stands in the catalog.
        """
        if TAG in node.tags and isinstance(data, dict) and data.get("verdict") == Verdict.FAIL.value:
            raise GateFailed(f"{dataset_name}: {data['meaning']}")
