"""
The text of a new gate file: YAML with a comment beside each key that a person may want to change.

It is written by hand, not dumped, because the comments are the point; whoever writes it to disk reads it back first.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple, assert_never

from proctor.conditions import normalize, parse
from proctor.frozen import dataclass, field
from proctor.gatefile.contenders import Accepted, Candidate, Declared, PredictionsFile, Revision
from proctor.gatefile.declarations import First
from proctor.methods import reading_of
from proctor.models.runnable import Command, Model, Versioned

_PLAIN = re.compile(r"[A-Za-z./][\w./{} -]*[\w.}]|[A-Za-z]")
_TRAPS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


class ReadyMade(NamedTuple):
    """
    A question that people ask often; each has a file of this name in the repository's folder `conditions`.

    Attributes:
        name: The file's stem.
        asks: What it asks, in one line.
        condition: The formula.
        mode: Which outcome is never wrong.
    """

    name: str
    asks: str
    condition: str
    mode: str = "fp-free"

    @property
    def is_about_classes(self) -> bool:
        """True if a prediction is right or wrong; else it is a number."""
        return reading_of(normalize(parse(self.condition))).predictions is None


READY_MADE = (
    ReadyMade("better-by-a-margin", "new is better than old by more than 1 point", "n - o > 0.01 +/- 0.01"),
    ReadyMade("no-regression", "nothing that is shown to be worse gets in", "n - o > 0 +/- 0.01", "fn-free"),
    ReadyMade(
        "non-inferiority",
        "new is at most 2 points worse than old, and at most 4 points worse than on the first day",
        r"n - o > -0.02 +/- 0.01 /\ n - a > -0.04 +/- 0.02",
    ),
    ReadyMade(
        "stable-update",
        "new is better than old, and changes fewer than 10 % of the predictions",
        r"n - o > 0 +/- 0.01 /\ d < 0.1 +/- 0.02",
    ),
    ReadyMade("quality-floor", "new is right in more than 85 % of all cases", "n > 0.85 +/- 0.02"),
    ReadyMade(
        "smaller-errors",
        "numbers: the mean absolute error of new is below that of old",
        "mae(n, max=10, sd=1) - mae(o, max=10, sd=1) < 0 +/- 0.1",
    ),
    ReadyMade(
        "squared-errors", "numbers: the mean squared error of new is below 5", "mse(n, max=50, sd=5) < 5 +/- 0.5"
    ),
    ReadyMade("judge-score", "scores from 0 to 1: the mean of new is above 0.7", "mean(n, sd=0.2) > 0.7 +/- 0.02"),
)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """
    Content of a new gate file.

    Attributes:
        condition: The formula.
        mode: Which outcome is never wrong.
        disagreement: Anticipated share of changed predictions.
        steps: Evaluations that are expected.
        passes: Passes that are expected.
        labels: File of the labels.
        label: Name of its column of labels; ``None`` for the usual one.
        id: Name of the column of ids; ``None`` for the usual one.
        features: File of features, or ``None``.
        candidate: The new model.
        baseline: The old model.
        first: What the first candidate gets.
        holds: What the candidate's file of predictions holds, said beside it.
        is_repeated: True if files of predictions have several rows for an example, which are averaged.
        to_fill_in: Keys whose value is only a placeholder, since nothing was found for them.
    """

    condition: str
    candidate: Candidate
    labels: str
    mode: str = "fp-free"
    disagreement: float = 0.1
    steps: int = 32
    passes: int = 3
    label: str | None = None
    id: str | None = None
    features: str | None = None
    baseline: Declared = field(default_factory=Accepted)
    first: First = First.ACCEPT
    holds: str = "columns id, prediction"
    is_repeated: bool = False
    to_fill_in: frozenset[str] = frozenset()

    def text(self) -> str:
        """The gate file."""
        return "\n".join([*self._head(), "", *self._testset(), "", *self._models(), ""])

    def _head(self) -> list[str]:
        protected = "pass" if self.mode == "fp-free" else "fail"
        reading = reading_of(normalize(parse(self.condition)))
        n = "n is its accuracy, o that of" if reading.predictions is None else "n is it, which predicts numbers, and o"
        return [
            f"# What a new model must show before it is accepted; {n} the old model.",
            "# `proctor explain` says it in plain words, `proctor plan` how many examples it takes,",
            "# `proctor schema --markdown` lists every key.",
            f"condition: {_plain(self.condition)}",
            _line("reliability: 0.999", f"at most one chance in a thousand of any wrong {protected}, ever"),
            _line("power: 0.9", "chance that a change of two tolerances beyond the threshold is recognized"),
            _line(f"mode: {self.mode}", f"a {protected} is never wrong"),
            _line(f"steps: {self.steps}", "evaluations and passes that you expect: they size the plan,"),
            _line(
                f"passes: {self.passes}",
                "  and can be changed at any time" + ("" if protected == "pass" else " (here: fails)"),
            ),
            _line(f"disagreement: {self.disagreement:g}", "share of predictions that a new model changes, about;"),
            _line("", "  without this line plans assume 1, and are ten times larger"),
        ]

    def _testset(self) -> list[str]:
        lines = ["testset:", self._marked("labels", f"  labels: {_plain(self.labels)}", "hidden from model builders")]
        if self.features:
            shown = f"  features: {_plain(self.features)}"
            without = ", without the column of labels" if self.features == self.labels else ""
            lines.append(self._marked("features", shown, f"what a model is shown{without}"))
        lines += [f"  id: {_plain(self.id)}"] if self.id else []
        lines += [f"  label: {_plain(self.label)}"] if self.label else []
        average = _line("  repeats: average", "the mean of its epochs is an example's score")
        return [*lines, average] if self.is_repeated else lines

    def _models(self) -> list[str]:
        return [
            "candidate:",
            *self._candidate(self.candidate),
            *self._baseline(),
            self._first(),
            _line("ledger: .proctor/ledger.db", "the books; or postgresql://…, or git:origin/proctor-ledger"),
        ]

    def _candidate(self, candidate: Candidate) -> list[str]:
        match candidate:
            case PredictionsFile(predictions, ids, prediction):
                shown = f"  predictions: {_plain(predictions)}"
                columns = self._columns(ids, prediction)
                return [self._marked("candidate", shown, self.holds if not columns else ""), *columns]
            case Command(command, files):
                listed = f"  files: [{', '.join(map(_plain, files))}]"
                what = [_line(listed, "all that it consists of: add what it loads")] if files else []
                comment = "" if files else "it consists of what git tracks; or of files: [predict.py, model.bin]"
                return [self._marked("candidate", f"  command: {_plain(command)}", comment), *what]
            case Model(model, trust) | Versioned(model, trust):
                return [self._marked("candidate", f"  model: {_plain(model)}", ""), *_trust(trust)]
            case _:
                assert_never(candidate)

    def _baseline(self) -> list[str]:
        match self.baseline:
            case Accepted():
                comment = "the last accepted candidate; or {revision: main}, or {predictions: FILE}"
                return [_line("baseline: accepted", comment)]
            case PredictionsFile(predictions, ids, prediction):
                return ["baseline:", f"  predictions: {_plain(predictions)}", *self._columns(ids, prediction)]
            case Revision(revision):
                return ["baseline:", f"  revision: {_plain(revision)}"]
            case Versioned(uri, trust):
                return ["baseline:", f"  model: {_plain(uri)}", *_trust(trust)]
            case _:
                assert_never(self.baseline)

    def _first(self) -> str:
        comments = {
            First.ACCEPT: "what the first model gets when there is no baseline; or judge: its n clauses",
            First.JUDGE: "the first model is judged like any other: the condition needs no baseline",
        }
        return _line(f"first: {self.first}", comments[self.first])

    def _columns(self, ids: str, prediction: str) -> list[str]:
        """The names of the columns of a file of predictions that are not those that it has anyway."""
        lines = [f"  id: {_plain(ids)}"] if ids != (self.id or "id") else []
        return lines + ([f"  prediction: {_plain(prediction)}"] if prediction != "prediction" else [])

    def _marked(self, key: str, line: str, comment: str) -> str:
        return _line(line, "TO FILL IN: no such file was found" if key in self.to_fill_in else comment)


def _trust(trust: tuple[str, ...]) -> list[str]:
    return [_line("  trust: pickle", "loading the file runs whatever code is in it")] if trust else []


def _line(line: str, comment: str) -> str:
    return f"{line:<31} # {comment}" if comment else line


def _plain(text: str) -> str:
    """*text* as a YAML scalar that means exactly it: as it is, or in quotation marks."""
    is_formula = re.fullmatch(r"[nodaA-Z0-9][ nodaA-Z0-9.*+/<>=()\\-]*", text) and re.search(r"[<>]", text)
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _TRAPS and " #" not in text
    return text if is_formula or is_plain else json.dumps(text, ensure_ascii=False)
