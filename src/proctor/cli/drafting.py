"""
Drafts of a gate file: for what lies in a folder, for models that MLflow keeps, or for the logs of two runs.

What cannot be found out is asked.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from proctor import conditions, git
from proctor.cli.fitting import anticipated
from proctor.errors import Misuse
from proctor.gatefile import Accepted, Candidate, Command, Declared, First, Model, PredictionsFile
from proctor.gatefile.draft import READY_MADE, Draft, ReadyMade
from proctor.gatefile.findings import Found, Role, is_old, of_role
from proctor.gatefile.house import is_of_kedro
from proctor.methods import reading_of
from proctor.models.formats import PICKLE, Trust, format_of

if TYPE_CHECKING:
    from proctor.cli.questions import Questions
    from proctor.models.runnable import Versioned


def of_logs(
    logs: tuple[Path, Path], folder: Path, questions: Questions, condition: str | None, *, force: bool
) -> Draft:
    """A draft for the scores in two logs; the file of labels is written."""
    from proctor.cli.logs import EXAMPLE, LABELS, REPEATED, pair, write_labels

    found = pair(*logs, folder, questions.choice)
    if found.is_number and condition is None:
        raise Misuse(
            f"the score {found.new[1]!r} is a number, and a condition is needed that speaks of its mean",
            hint="Add for example --condition 'mean(n, sd=0.2) - mean(o, sd=0.2) > 0 +/- 0.02'.",
        )
    if found.is_repeated:
        condition = condition or REPEATED
        _refuse_classes(condition)
    asked = _question(questions, condition, tuple(one for one in READY_MADE if one.is_about_classes))
    write_labels(found.examples, folder, force=force)
    return Draft(
        condition=asked.condition,
        mode=asked.mode,
        disagreement=found.disagreement,
        labels=LABELS,
        id=EXAMPLE,
        candidate=PredictionsFile(found.new[0], EXAMPLE, found.new[1]),
        baseline=PredictionsFile(found.old[0], EXAMPLE, found.old[1]),
        first=_first(asked.condition),
        holds="the log of its run",
        is_repeated=found.is_repeated,
    )


def _refuse_classes(condition: str) -> None:
    """Refuse a condition that reads right or wrong of what was asked several times, and has a mean of both."""
    from proctor.cli.logs import REPEATED

    text = next((one.condition for one in READY_MADE if one.name == condition), condition)
    if reading_of(conditions.normalize(conditions.parse(text))).predictions is None:
        raise Misuse(
            f"each sample was asked several times, and `{text}` speaks of one answer to each",
            hint=f"Ask for the mean score, where right is 1 and wrong is 0: --condition '{REPEATED}'.",
        )


def of_findings(
    folder: Path, found: tuple[Found, ...], models: tuple[Versioned, ...], questions: Questions, condition: str | None
) -> Draft:
    """
    A draft for what was found in a folder.

    Args:
        folder: The folder.
        found: What was found in it.
        models: The new model and the old one, as far as MLflow keeps them and they were named.
        questions: Asks what cannot be found out.
        condition: The condition, or the name of one; ``None`` to ask for it.
    """
    missing: set[str] = set()
    labels = _labels(of_role(found, Role.LABELS), questions, missing)
    candidate, baseline = _models(folder, found, models, questions, missing)
    features = _features(of_role(found, Role.FEATURES), labels, candidate, missing)
    asked = _question(questions, condition, READY_MADE)
    changed = questions.share("share of predictions that a new model changes, about", anticipated(asked.condition))
    return Draft(
        condition=asked.condition,
        mode=asked.mode,
        disagreement=changed,
        labels=labels.path,
        label=labels.value if labels.value != "label" else None,
        id=labels.id if labels.id != "id" else None,
        features=features,
        candidate=candidate,
        baseline=baseline,
        first=_first(asked.condition),
        to_fill_in=frozenset(missing),
    )


def _models(
    folder: Path, found: tuple[Found, ...], named: tuple[Versioned, ...], questions: Questions, missing: set[str]
) -> tuple[Candidate, Declared]:
    """The new model and the old one."""
    match named:
        case (new,):
            return new, Accepted()
        case (new, old):
            return new, old
    return _known_by_its_files(folder, _candidate(folder, found, questions, missing)), _baseline(found)


def _labels(found: tuple[Found, ...], questions: Questions, missing: set[str]) -> Found:
    if found:
        options = [one.path for one in found]
        return found[questions.choice("Which file holds the labels of the test set?", options)]
    path = questions.text("file of the labels of the test set", "exam/labels.csv")
    missing.add("labels")
    return Found(path, Role.LABELS)


def _candidate(folder: Path, found: tuple[Found, ...], questions: Questions, missing: set[str]) -> Candidate:
    roles = (Role.PREDICTIONS, Role.MODEL, Role.SCRIPT)
    options = [one for role in roles for one in of_role(found, role)]
    options.sort(key=is_old)
    if is_of_kedro(folder) and not of_role(found, Role.PREDICTIONS):
        options.insert(0, Found("data/new.csv", Role.PREDICTIONS))  # written by the node that asks the gate
    if not options:
        missing.add("candidate")
        return PredictionsFile(questions.text("file of the new model's predictions", "new.csv"))
    labels = [f"{one.path}  ({one.role})" for one in options]
    return _as_candidate(options[questions.choice("Which is the new model?", labels)])


def _known_by_its_files(folder: Path, candidate: Candidate) -> Candidate:
    """Outside of a git repository a program is known by the files that are declared for it."""
    if not isinstance(candidate, Command) or git.find(folder) is not None:
        return candidate
    return replace(candidate, files=(shlex.split(candidate.command)[1],))


def _as_candidate(found: Found) -> Candidate:
    match found.role:
        case Role.MODEL:
            return Model(found.path, (PICKLE,) if format_of(found.path).trust is Trust.PICKLE else ())
        case Role.SCRIPT:
            program = {"py": "python", "sh": "sh", "R": "Rscript", "jl": "julia"}[found.path.rpartition(".")[2]]
            return Command(f"{program} {shlex.quote(found.path)} {{features}} {{predictions}}")
        case _:
            return _as_predictions(found)


def _as_predictions(found: Found) -> PredictionsFile:
    return PredictionsFile(found.path, found.id or "id", found.value or "prediction")


def _features(found: tuple[Found, ...], labels: Found, candidate: Candidate, missing: set[str]) -> str | None:
    """Beside predictions they only help to know the examples again, so a guess must lie next to the labels."""
    beside = [one.path for one in found if PurePath(one.path).parent == PurePath(labels.path).parent]
    if beside:
        return beside[0]
    if isinstance(candidate, PredictionsFile) and (labels.id or "labels" in missing):
        return None
    if labels.holds_more:
        return labels.path  # the gate leaves the column of labels out of what a model is shown
    if found and not isinstance(candidate, PredictionsFile):
        return found[0].path
    missing.add("features")
    return "exam/features.csv"


def _baseline(found: tuple[Found, ...]) -> Declared:
    old = [one for one in of_role(found, Role.PREDICTIONS) if is_old(one)]
    return _as_predictions(old[0]) if old else Accepted()


def _first(condition: str) -> First:
    """Judged, where the condition needs no baseline; else accepted."""
    formula = conditions.normalize(conditions.parse(condition))
    return First.JUDGE if conditions.variables(formula) == {conditions.Variable.N} else First.ACCEPT


def _question(questions: Questions, condition: str | None, offered: tuple[ReadyMade, ...]) -> ReadyMade:
    if condition is not None:
        named = (one for one in READY_MADE if one.name == condition)
        return next(named, ReadyMade("own", "", condition))
    options = [f"{one.asks}:  {one.condition}  ({one.mode})" for one in offered]
    return offered[questions.choice("What must a new model show? (the figures can be changed later)", options)]
