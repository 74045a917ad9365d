"""
Accepted models on examples that were added to sealed inputs: run there once, and recognized by what they predict.

An accepted model that is compared on new inputs could be worse there on purpose, and was never seen on them. So the
owner's command runs it as an evaluation would, holds it to what it predicted when it was accepted, and notes what it
predicts on all. A model that fails there, or is unfaithful, is noted by a mark that fits nothing, and its predictions
are kept as such: else everybody would learn that it did, and it could say something about the inputs in this way
(theory.md §4.3.4). The next evaluation finds it out, and is charged.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from proctor import owner
from proctor.errors import Misuse, ModelError
from proctor.frozen import dataclass, field
from proctor.gate.predicted import ModelPredictions
from proctor.gate.predicting import Predicting
from proctor.gate.session import Session
from proctor.gatefile import Inputs
from proctor.ledger.history import TestSetHistory
from proctor.ledger.submissions import Submission
from proctor.predictions import Aligned
from proctor.predictions.labels import Mask
from proctor.testset import TestSet

_MARK_BYTES = 32


def compared(session: Session, life: TestSetHistory) -> Sequence[Submission]:
    """
    The models that a coming evaluation may compare with: the accepted one and the anchor.

    Raises:
        Misuse: If, on sealed inputs, another gate has one too.
    """
    name = session.gate.name
    others = sorted(gate for gate in life.gates - {name} if life.accepted(gate) is not None)
    if others and session.gate.testset.inputs is Inputs.SEALED:
        raise Misuse(
            f"the gate {others[0]!r} has an accepted model too, which could not be told from another one afterwards",
            hint="Register the next test set, which starts with what this one has left: `proctor testset renew`.",
        )
    accepted = life.accepted(name)
    found = [accepted.record.candidate if accepted else None, life.anchor(name)]
    return list({each.digest: each for each in found if each is not None}.values())


@dataclass(frozen=True)
class Remeasuring:
    """
    Accepted models, run on a test set with sealed inputs that has grown; each once.

    Attributes:
        grown: The test set with the new examples, which come last.
    """

    session: Session
    grown: TestSet
    _found: dict[str, tuple[Submission, Aligned | ModelError]] = field(default_factory=dict, init=False, repr=False)

    def marks(self, life: TestSetHistory) -> dict[str, str]:
        """
        Marks by which the accepted models are recognized on all examples from here on; errors as `compared`.

        Raises:
            DataError: If the files of one are not here.
        """
        models = [self._model(submission) for submission in compared(self.session, life)]
        return {model.submission.digest: self._mark(life, model) for model in models}

    def keep(self) -> None:
        """Keep what they predict for the evaluations to come, and note for the owner how often they are right."""
        labels = self.grown.read_labels()
        known, n_before = labels.is_known(), self.session.testset.n_examples
        parts = {"before": slice(n_before), "added": slice(n_before, None)}
        for submission, found in self._found.values():
            about = {"testset": self.grown.fingerprint, "baseline": submission.source}
            note: dict[str, Any] = {"at": self.session.runtime.now(), **about}
            if isinstance(found, ModelError):
                values, note["problem"] = np.zeros(self.grown.n_examples, np.int64), found.message
            else:
                values, right = found.values, (found.values == labels.values) & known
                note |= {name: _counts(right[part], known[part]) for name, part in parts.items()}
            self._predicting.runner.store.put(submission.digest, values)
            owner.append(self.session.owners_file, note)

    @cached_property
    def _predicting(self) -> Predicting:
        return self.session.predicting_on(self.grown)

    def _model(self, submission: Submission) -> ModelPredictions:
        """An accepted model that can be run again: what lies here if it is the same, else as its commit has it."""
        runner = self._predicting.runner
        candidate = runner.candidate()
        if candidate.submission.digest == submission.digest:
            return ModelPredictions(submission, candidate.read)
        runner.is_at_hand(submission)
        return runner.earlier(submission)

    def _mark(self, life: TestSetHistory, model: ModelPredictions) -> str:
        digest = model.submission.digest
        if digest not in self._found:
            self._predicting.perform(model)
            self._found[digest] = model.submission, self._read(life, model)
        found = self._found[digest][1]
        if isinstance(found, ModelError):
            return self.session.runtime.random_bytes(_MARK_BYTES).hex()
        return self._predicting.pin_on(found, slice(None))

    def _read(self, life: TestSetHistory, model: ModelPredictions) -> Aligned | ModelError:
        try:
            self._predicting.refuse_unfaithful(life, model)
            return self._predicting.of(model)
        except ModelError as error:
            return error


def _counts(right: Mask, known: Mask) -> dict[str, int]:
    return {"right": int(np.count_nonzero(right)), "labeled": int(np.count_nonzero(known))}
