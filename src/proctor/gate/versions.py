"""Versions of models that MLflow keeps, each fetched once for a gate: whoever moves an alias then moves no question."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from proctor.frozen import dataclass, field, replace
from proctor.gatefile import Gate
from proctor.ledger.submissions import Submission
from proctor.models import uris
from proctor.models.runnable import Model, Versioned
from proctor.runtime import Runtime

if TYPE_CHECKING:
    from proctor.models.revision import Export

_AGAIN = "Nothing was spent; name another version, or run the same command again when the server is well."


def is_lost(submission: Submission) -> bool:
    """True if it is not known where a model is, by a commit or as a version that MLflow keeps."""
    return submission.commit is None and not uris.is_uri(submission.source)


@dataclass(frozen=True)
class Versions:
    """
    Versions that a gate's models are, fetched when they are first asked for.

    Args:
        gate: The gate file, whose run store keeps the models if it names one.
        runtime: Environment, with MLflow's own variables.
    """

    gate: Gate
    runtime: Runtime
    _folders: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)
    _found: dict[tuple[str, tuple[str, ...]], tuple[Model, Export]] = field(default_factory=dict, repr=False)

    def close(self) -> None:
        """Remove what was fetched; it is fetched again if it is asked for once more."""
        self._found.clear()
        self._folders.close()

    def of(self, named: Versioned) -> tuple[Model, Export]:
        """
        The model of the version that *named* is, and the place of its files.

        Raises:
            Misuse: If no server is named, no version has the alias, or its format is not trusted.
            StoreError: If the server refuses or does not answer, or has no files of it.
            DataError: If files of it are missing.
            MissingExtra: If its format needs a package that is not installed.
        """
        key = (named.uri, named.trust)
        if key not in self._found:
            self._found[key] = self._fetched(named)
        model, place = self._found[key]
        return replace(model, timeout=named.timeout), place

    def _fetched(self, named: Versioned) -> tuple[Model, Export]:
        from proctor.models.flavors import model_in
        from proctor.models.formats import format_of
        from proctor.models.revision import Export
        from proctor.models.sandbox import scratch
        from proctor.runstore import artifacts

        store = self.gate.runstore
        with (
            artifacts.reaching(_AGAIN),
            artifacts.connected(store.url if store is not None else None, self.runtime) as connection,
        ):
            version = artifacts.resolve(connection, named.uri)
            self.runtime.progress(f"fetching {version}" + (f", which is {named}" if str(version) != named.uri else ""))
            files = self._folders.enter_context(scratch.folder()) / "model"
            artifacts.fetch(connection, version, files)
        model = model_in(files, named, str(version))
        format_of(model.model).require()
        return model, Export(files, files)
