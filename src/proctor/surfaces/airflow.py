"""The gate as an operator of Airflow 3: a task that judges, and a result that a short circuit decides by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor import errors
from proctor.errors import PASSED, MissingExtra, ProctorError

try:
    from airflow.sdk import BaseOperator
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError as error:
    raise MissingExtra(
        "a task of Airflow needs Airflow 3.3 or newer", hint="Install it with: pip install 'apache-airflow>=3.3'"
    ) from error

LASTING = (
    errors.Misuse,
    errors.FreshTestSetNeeded,
    errors.KeyFault,
    errors.MissingExtra,
    errors.SandboxError,
    errors.LedgerCorrupt,
    errors.LedgerTooNew,
)
"""Errors that a retry meets again; others may be gone by then: a server that was down, labels that were missing."""


class ProctorCheckOperator(BaseOperator):  # type: ignore[misc]  # Airflow is not installed where types are checked
    """
    Task that judges a candidate and returns all that was released.

    A retry after a verdict asks the same question: the recorded answer is given again, at no cost.

    Args:
        gate: The gate file, or its folder.
        candidate: File of predictions in place of the gate file's candidate; empty for that one.
        baseline: The same for the baseline.
        commit: Commit that is judged, by its whole hash; found out if left empty.
        fails_task: True to fail the task, without a retry, where the candidate does not pass.
        task: Options of every operator: ``task_id``, ``retries``.
    """

    template_fields: Sequence[str] = ("gate", "candidate", "baseline", "commit")

    def __init__(
        self,
        *,
        gate: str = ".",
        candidate: str = "",
        baseline: str = "",
        commit: str = "",
        fails_task: bool = False,
        **task: Any,
    ) -> None:
        super().__init__(**task)
        self.gate = gate
        self.candidate = candidate
        self.baseline = baseline
        self.commit = commit
        self.fails_task = fails_task

    def execute(self, context: Any) -> dict[str, Any]:
        """
        Judge the candidate and record the verdict.

        Raises:
            AirflowFailException: If it has not passed and that is to fail the task, or on an error that lasts.
            AirflowException: On an error that a retry may not meet; nothing was spent.
        """
        # A scheduler reads DAG files all the time: what judges is loaded by the task, and not before.
        from proctor import service
        from proctor.reports.json import to_json
        from proctor.runtime import Runtime

        try:
            named = service.Named(candidate=self.candidate or None, baseline=self.baseline or None)
            runtime = Runtime(progress=self.log.info, remark=self.log.warning)
            release = service.check(service.load_gate(self.gate, named), runtime, commit=self.commit or None)
        except ProctorError as error:
            kind = AirflowFailException if isinstance(error, LASTING) else AirflowException
            raise kind(f"proctor, exit code {error.exit_code}: {error}") from error
        if self.fails_task and release.exit_code != PASSED:
            raise AirflowFailException(f"{release.gate}: {release.meaning}")
        return to_json(release)


def passed(release: Mapping[str, Any]) -> bool:
    """Tell if a result of the operator lets a candidate through: the condition of a ``short_circuit``."""
    return bool(release["exit_code"] == PASSED)
