"""
Files that a commit may bring, and that nobody who may say so has vouched for: features, metadata, a baseline.

What the owner's settings pin is looked at in :mod:`.settings`; here it is what they leave to the gate file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from proctor.conditions import Variable, variables
from proctor.crosstabs.addresses import in_database
from proctor.errors import ContractError
from proctor.gate.settings import is_registered
from proctor.gatefile import Gate, Inputs
from proctor.gatefile.contenders import PredictionsFile
from proctor.ledger import Entry
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import BaselineNamed
from proctor.ledger.submissions import Submission
from proctor.models.runnable import Versioned


def refuse_features_from_outside(gate: Gate, entries: Sequence[Entry], fingerprint: str) -> None:
    """
    Refuse to show, before the owner has registered them, features or metadata that lie out of the project.

    A commit could name any file that the gate may read, such as the labels of another gate, and have it printed.

    Raises:
        ContractError: If a program is to run on such features, or slices may speak of such metadata.
    """
    testset = gate.testset
    is_run = isinstance(gate.baseline, Versioned) or not isinstance(gate.candidate, PredictionsFile)
    has_program = testset.inputs is not Inputs.SEALED and is_run
    shown = {"features": testset.features if has_program else None, "metadata": testset.metadata}
    named = {what: name for what, name in shown.items() if name and not is_registered(entries, fingerprint)}
    for what, name in named.items():
        database = in_database(name) if testset.engine is not None else None
        file = name if database is None else database.file
        if not Path(os.path.realpath(gate.root / Path(file).expanduser())).is_relative_to(gate.fence.project):
            raise ContractError(
                f"the {what} {name!r} lie out of the project, and this test set is not registered",
                hint="A commit could have any file shown to a program, or told apart by slices. The owner registers "
                "the test set first: `proctor testset register`, or `proctor testset renew`. Nothing was spent.",
            )


def refuse_strange_baseline(gate: Gate, life: TestSetHistory, baseline: Submission | None) -> None:
    """
    Refuse predictions as the baseline that nobody accepted: bad ones in its place would make any candidate better.

    Raises:
        ContractError: If it is a file that is not of registration, not an accepted candidate, and not the owner's word.
    """
    is_asked = bool(variables(gate.formula) & {Variable.O, Variable.D})
    is_from_commit = isinstance(gate.baseline, PredictionsFile) and not gate.baseline.is_given
    if baseline is None or not is_asked or not is_from_commit or life.registered.record.settings is None:
        return
    assert isinstance(gate.baseline, PredictionsFile)  # noqa: S101  # it is from the commit
    column = gate.baseline.prediction
    if not any(_is_same(known, baseline, column) for known in _known_baselines(life, gate.name)):
        raise ContractError(
            f"the baseline {baseline.source!r} holds other predictions than when the test set was registered, "
            "and no candidate that this gate accepted on it made them",
            hint="Put it back, or compare with the accepted candidate: `baseline: accepted`. The owner of the test "
            f"set may say that it is the baseline: `proctor testset baseline {baseline.source}`. Nothing was spent.",
        )


def _known_baselines(life: TestSetHistory, gate: str) -> Iterator[Submission]:
    """Predictions that *gate* may be asked about; another's may ask little, or accept its first unjudged."""
    if life.registered.record.anchor is not None:
        yield life.registered.record.anchor
    yield from (taken.record.baseline for taken in life.acts if isinstance(taken.record, BaselineNamed))
    yield from (taken.record.candidate for taken in life.accepted_ever(gate))


def _is_same(known: Submission, baseline: Submission, column: str) -> bool:
    """True if *known* has what *baseline* has, and in the same column: in another it was accepted as something else."""
    if known.columns is None or known.whole == baseline:
        return known.digest == baseline.digest
    columns = baseline.columns or {column: baseline.digest}
    return any(digest == baseline.digest == known.columns.get(name) for name, digest in columns.items())
