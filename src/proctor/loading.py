"""The gate that a command is about: the file, and the options that stand in for keys of it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.errors import DataError, Misuse
from proctor.frozen import dataclass, replace

if TYPE_CHECKING:
    from proctor.gatefile import Baseline, Candidate, Gate, PaperScript, PredictionsFile
    from proctor.models.runnable import Versioned

_HASH = re.compile("[0-9a-fA-F]{7,64}")


@dataclass(frozen=True)
class Named:
    """
    Files and URIs that the command line names in place of the gate file; paths start from the present folder.

    Candidate and baseline are predictions of the new and the old model, or their versions; on the development data,
    predictions of theirs.
    """

    labels: str | None = None
    candidate: str | None = None
    baseline: str | None = None
    development_candidate: str | None = None
    development_baseline: str | None = None


def load_gate(file: str, named: Named | None = None) -> Gate:
    """
    The gate of *file* with what the command line names instead.

    Raises:
        GateFileError: If the file has problems.
        Misuse: If it is a script of ease.ml/ci and the command line does not name what it lacks, or predictions on
            development data are named, and the gate file names no such data.
    """
    from proctor.gatefile import Gate, load_any

    named = named or Named()
    loaded = load_any(file)
    if isinstance(loaded, Gate):
        return with_named(loaded, named)
    return _with_development(_completed(loaded, named), named)


def with_named(gate: Gate, named: Named) -> Gate:
    """*gate* with the files that are *named* in place of its own, and no development predictions of others."""
    declared = gate
    if named.labels is not None:
        gate = replace(gate, testset=replace(gate.testset, labels=_from_here(named.labels, gate.root)))
    if named.candidate is not None:
        gate = replace(gate, candidate=_contender(named.candidate, gate, gate.candidate))
        if gate.development is not None and not _is_same(gate, gate.candidate, declared.candidate):
            gate = replace(gate, development=gate.development._replace(candidate=None))
    if named.baseline is not None:
        baseline = _contender(named.baseline, gate, declared.baseline, declared.candidate)
        gate = replace(gate, baseline=replace(baseline, is_given=True))
        if gate.development is not None and not _is_same(gate, baseline, declared.baseline):
            gate = replace(gate, development=gate.development._replace(baseline=None))
    return _with_development(gate, named)


def _with_development(gate: Gate, named: Named) -> Gate:
    """*gate* with the predictions on its development data that are *named*."""
    files = {"candidate": named.development_candidate, "baseline": named.development_baseline}
    found = {name: _from_here(file, gate.root) for name, file in files.items() if file is not None}
    if not found:
        return gate
    if gate.development is None:
        raise Misuse(
            f"predictions on development data are named, and {gate.file} names no development data",
            hint="Name them there, `development: {labels: FILE}`; or leave the option out.",
        )
    return replace(gate, development=gate.development._replace(**found))


def _is_same(gate: Gate, named: Candidate | Baseline, declared: Candidate | Baseline) -> bool:
    """True if both are one model, as far as their names tell."""
    from proctor.gatefile import PredictionsFile

    if isinstance(named, PredictionsFile) and isinstance(declared, PredictionsFile):
        return gate.resolve(named.predictions).resolve() == gate.resolve(declared.predictions).resolve()
    return named == declared


def commit_named(commit: str | None, root: Path) -> str | None:
    """
    The commit that the command line names, by its whole hash where git knows it: it is recorded for good.

    Raises:
        Misuse: If it is no commit of the repository, or, where there is no repository, cannot be one.
        GitFault: If git refuses the repository, in its own words.
    """
    if not commit:
        return None
    from proctor import git
    from proctor.models.revision import commit_of

    if git.find(root) is None:
        if _HASH.fullmatch(commit):
            return commit
        raise Misuse(
            f"{commit!r} is not a commit", hint="Outside of a git repository, give 7 to 64 hexadecimal digits."
        )
    git.repository(root)
    try:
        return commit_of(root, commit)
    except DataError:
        raise Misuse(
            f"there is no commit {commit!r} in this repository",
            hint="Name one that is here; in a shallow clone, fetch it first. Nothing was recorded.",
        ) from None


def _contender(named: str, gate: Gate, *in_place_of: Candidate | Baseline) -> PredictionsFile | Versioned:
    """The file of predictions, or the version that MLflow keeps, that the command line names; errors as `_version`."""
    from proctor.models import uris

    return _version(named, gate, *in_place_of) if uris.is_uri(named) else _file(named, gate, *in_place_of)


def _version(uri: str, gate: Gate, *in_place_of: Candidate | Baseline) -> Versioned:
    """
    A version that MLflow keeps, trusted like the model that the gate file names there.

    Raises:
        Misuse: If it is none, or there are no features to show to it.
    """
    from proctor.gatefile import Model
    from proctor.models import uris
    from proctor.models.runnable import Versioned

    uris.parse(uri)
    if gate.testset.features is None:
        raise Misuse(f"there are no features to show to {uri}", hint=f"Name them: `testset.features` of {gate.file}.")
    like = next((each for each in in_place_of if isinstance(each, Model | Versioned)), None)
    trust, timeout = (like.trust, like.timeout) if like is not None else ((), None)
    return Versioned(uri, trust, timeout, gate.testset.id)


def _file(path: str, gate: Gate, *in_place_of: Candidate | Baseline) -> PredictionsFile:
    """Predictions with the columns of the file that the gate file names there, or in its test set."""
    from proctor.gatefile import PredictionsFile

    declared = (each for each in in_place_of if isinstance(each, PredictionsFile))
    like = next(declared, PredictionsFile("", gate.testset.id))
    return replace(like, predictions=_from_here(path, gate.root))


def _completed(script: PaperScript, named: Named) -> Gate:
    from proctor.gatefile import Accepted, PredictionsFile, TestSetSource

    if named.labels is None or named.candidate is None:
        raise Misuse(
            f"{script.file} is a script of ease.ml/ci, which names no test set and no model",
            hint="Add --labels FILE and --candidate FILE, and --baseline FILE unless the last accepted one is meant.",
        )
    baseline = Accepted() if named.baseline is None else PredictionsFile(_from_here(named.baseline, script.root))
    return script.with_files(
        TestSetSource(labels=_from_here(named.labels, script.root)),
        PredictionsFile(_from_here(named.candidate, script.root)),
        baseline,
    )


def _from_here(path: str, root: Path) -> str:
    return os.path.relpath(path, root)
