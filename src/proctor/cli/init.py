"""`proctor init`: write a gate file for what lies here."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

import click

from proctor.cli.questions import Questions
from proctor.errors import Misuse
from proctor.files import refuse_to_write_out

if TYPE_CHECKING:
    from proctor.gatefile import Candidate, Declared, First, Gate
    from proctor.gatefile.draft import Draft, ReadyMade
    from proctor.gatefile.findings import Found
    from proctor.models.runnable import Versioned


@click.command(
    epilog="""\b
Examples:
  proctor init                    ask about what cannot be found out
  proctor init --yes models/spam  take the likeliest answers
  proctor init --yes --condition no-regression
  proctor init new.eval old.eval  a gate from the logs of two runs
  proctor init models:/spam@challenger models:/spam@champion
  proctor init --yes --condition 'n - o > 0 +/- 0.02 and d < 0.1'
\b
Named conditions: better-by-a-margin, no-regression, non-inferiority,
stable-update, quality-floor; of numbers: smaller-errors, squared-errors,
judge-score. `proctor explain` says what a formula means.
""",
)
@click.argument("places", metavar="[FOLDER | LOG OLDLOG | URI [OLDURI]]", nargs=-1)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing; take the likeliest answers.")
@click.option("--force", is_flag=True, help="Overwrite an existing gate file.")
@click.option(
    "--condition",
    metavar="TEXT",
    help="What a new model must show: a formula, or one of the names below; asked for if left out.",
)
def init(places: tuple[str, ...], yes: bool, force: bool, condition: str | None) -> None:
    """
    Write proctor.yml for the data and models found in FOLDER, or here for the logs of two runs or models of MLflow's.

    Only names and headers of files are looked at; no label is read and no model is loaded.
    Where DVC, MLflow Projects, Kedro or Airflow are used, the line to add for them is printed.
    Logs are those of Inspect, lm-evaluation-harness, promptfoo or MLflow; LOG is the new model's.
    URI is a model that MLflow keeps, OLDURI the one that it is compared with: `models:/spam@challenger`.
    """
    from proctor.gatefile import loads
    from proctor.gatefile.findings import search

    meant = _meant(places)
    folder = meant.folder
    target = folder / "proctor.yml"
    if target.exists() and not force:
        raise Misuse(f"{target} is there already", hint="Edit it, or overwrite it with --force.")
    questions = Questions(are_asked=not yes)
    found = search(folder) if meant.logs is None else ()
    logs = meant.logs if meant.logs or meant.models else _offered(found, folder, questions)
    if logs is None:
        draft = _draft(meant, found, questions, condition)
    else:
        draft = _of_logs(logs, folder, questions, condition, force=force)
    draft, remark = _fitted(draft, loads(draft.text(), str(target), folder), is_free=condition != draft.condition)
    text = draft.text()
    loads(text, str(target), folder)
    _write(target, text)
    click.echo(f"wrote {target}")
    if remark:
        click.echo(f"  note        {remark}")
    _say_what_next(draft, target, folder)
    _say_what_to_add(draft, folder)
    if logs is None and (latest := _latest_logs(found, folder)):
        click.echo(f"  or          proctor init --force {shlex.join(map(str, latest))}    from the logs of two runs")
    if logs is not None:
        click.echo("  later logs  proctor check --candidate LOG; their scores tell of the labels: keep them as private")


class _Meant(NamedTuple):
    """
    Subjects of the gate file.

    Attributes:
        folder: The folder that it is written into.
        logs: The logs of a new and of an old run, if two were named.
        models: The new model and the old one, as far as MLflow keeps them and they were named.
    """

    folder: Path = Path()
    logs: tuple[Path, Path] | None = None
    models: tuple[Versioned, ...] = ()


def _meant(places: tuple[str, ...]) -> _Meant:
    from proctor.models.uris import is_uri

    if places and len(places) <= 2 and all(map(is_uri, places)):
        return _Meant(models=tuple(map(_versioned, places)))
    paths = [Path(place) for place in places if not is_uri(place)]
    for path in paths:
        if not path.exists():
            raise Misuse(f"{path} does not exist", hint="Name a folder, the logs of two runs, or models:/NAME@ALIAS.")
    match paths:
        case [] if not places:
            return _Meant()
        case [folder] if len(places) == 1 and folder.is_dir():
            return _Meant(folder)
        case [new, old] if len(places) == 2 and new.is_file() and old.is_file():
            return _Meant(logs=(new, old))
    given = " ".join(places)
    raise Misuse(
        f"init takes a folder, the logs of two runs, or one or two URIs of models, not {given!r}",
        hint="Name both: `proctor init NEW.eval OLD.eval`, or `proctor init models:/NAME@NEW models:/NAME@OLD`.",
    )


def _versioned(uri: str) -> Versioned:
    from proctor.models import uris
    from proctor.models.runnable import Versioned

    return Versioned(str(uris.parse(uri)))


def _offered(found: tuple[Found, ...], folder: Path, questions: Questions) -> tuple[Path, Path] | None:
    """The two latest logs of a folder that holds no other test set, unless the user wants none of them."""
    from proctor.gatefile.findings import Role, of_role

    latest = _latest_logs(found, folder)
    if latest is None or of_role(found, Role.LABELS):
        return None
    options = [f"the logs of two runs: {latest[0]} is new, {latest[1]} is old", "labels and models, to fill in"]
    return None if questions.choice("What is the gate made from?", options) else latest


def _latest_logs(found: tuple[Found, ...], folder: Path) -> tuple[Path, Path] | None:
    from proctor.gatefile.findings import Role, of_role
    from proctor.gatefile.house import latest_logs

    latest = latest_logs(one.path for one in of_role(found, Role.LOG))
    return latest and (folder / latest[0], folder / latest[1])


def _of_logs(
    logs: tuple[Path, Path], folder: Path, questions: Questions, condition: str | None, *, force: bool
) -> Draft:
    """A draft for the scores in two logs; the file of labels is written."""
    from proctor.cli.logs import EXAMPLE, LABELS, REPEATED, pair, write_labels
    from proctor.gatefile import PredictionsFile
    from proctor.gatefile.draft import READY_MADE, Draft

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
    from proctor import conditions
    from proctor.cli.logs import REPEATED
    from proctor.gatefile.draft import READY_MADE
    from proctor.methods import reading_of

    text = next((one.condition for one in READY_MADE if one.name == condition), condition)
    if reading_of(conditions.normalize(conditions.parse(text))).predictions is None:
        raise Misuse(
            f"each sample was asked several times, and `{text}` speaks of one answer to each",
            hint=f"Ask for the mean score, where right is 1 and wrong is 0: --condition '{REPEATED}'.",
        )


def _draft(meant: _Meant, found: tuple[Found, ...], questions: Questions, condition: str | None) -> Draft:
    from proctor.gatefile.draft import READY_MADE, Draft
    from proctor.gatefile.findings import Role, of_role

    missing: set[str] = set()
    labels = _labels(of_role(found, Role.LABELS), questions, missing)
    candidate, baseline = _models(meant, found, questions, missing)
    features = _features(of_role(found, Role.FEATURES), labels, candidate, missing)
    asked = _question(questions, condition, READY_MADE)
    return Draft(
        condition=asked.condition,
        mode=asked.mode,
        disagreement=questions.share("share of predictions that a new model changes, about", _changed(asked.condition)),
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
    meant: _Meant, found: tuple[Found, ...], questions: Questions, missing: set[str]
) -> tuple[Candidate, Declared]:
    """The new model and the old one."""
    from proctor.gatefile import Accepted

    match meant.models:
        case (new,):
            return new, Accepted()
        case (new, old):
            return new, old
    folder = meant.folder
    return _known_by_its_files(folder, _candidate(folder, found, questions, missing)), _baseline(found)


def _labels(found: tuple[Found, ...], questions: Questions, missing: set[str]) -> Found:
    from proctor.gatefile.findings import Found, Role

    if found:
        options = [one.path for one in found]
        return found[questions.choice("Which file holds the labels of the test set?", options)]
    path = questions.text("file of the labels of the test set", "exam/labels.csv")
    missing.add("labels")
    return Found(path, Role.LABELS)


def _candidate(folder: Path, found: tuple[Found, ...], questions: Questions, missing: set[str]) -> Candidate:
    from proctor.gatefile import PredictionsFile
    from proctor.gatefile.findings import Found, Role, is_old, of_role
    from proctor.gatefile.house import is_of_kedro

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
    from proctor import git
    from proctor.gatefile import Command

    if not isinstance(candidate, Command) or git.find(folder) is not None:
        return candidate
    return replace(candidate, files=(shlex.split(candidate.command)[1],))


def _as_candidate(found: Found) -> Candidate:
    from proctor.gatefile import Command, Model
    from proctor.gatefile.findings import Role
    from proctor.models.formats import PICKLE, Trust, format_of

    match found.role:
        case Role.MODEL:
            return Model(found.path, (PICKLE,) if format_of(found.path).trust is Trust.PICKLE else ())
        case Role.SCRIPT:
            program = {"py": "python", "sh": "sh", "R": "Rscript", "jl": "julia"}[found.path.rpartition(".")[2]]
            return Command(f"{program} {shlex.quote(found.path)} {{features}} {{predictions}}")
        case _:
            return _as_predictions(found)


def _as_predictions(found: Found) -> Candidate:
    from proctor.gatefile import PredictionsFile

    return PredictionsFile(found.path, found.id or "id", found.value or "prediction")


def _features(found: tuple[Found, ...], labels: Found, candidate: Candidate, missing: set[str]) -> str | None:
    """Beside predictions they only help to know the examples again, so a guess must lie next to the labels."""
    from proctor.gatefile import PredictionsFile

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
    from proctor.gatefile import Accepted, PredictionsFile
    from proctor.gatefile.findings import Role, is_old, of_role

    old = [one for one in of_role(found, Role.PREDICTIONS) if is_old(one)]
    return PredictionsFile(old[0].path, old[0].id or "id", old[0].value or "prediction") if old else Accepted()


def _changed(condition: str) -> float:
    """Share of predictions that change, by default: of classes a few, of numbers all."""
    from proctor import conditions
    from proctor.methods import reading_of

    formula = conditions.normalize(conditions.parse(condition))
    return 0.1 if reading_of(formula).predictions is None else 1.0


def _first(condition: str) -> First:
    """Judged, where the condition needs no baseline; else accepted."""
    from proctor import conditions
    from proctor.gatefile import First

    formula = conditions.normalize(conditions.parse(condition))
    return First.JUDGE if conditions.variables(formula) == {conditions.Variable.N} else First.ACCEPT


def _question(questions: Questions, condition: str | None, offered: tuple[ReadyMade, ...]) -> ReadyMade:
    from proctor.gatefile.draft import READY_MADE, ReadyMade

    if condition is not None:
        named = (one for one in READY_MADE if one.name == condition)
        return next(named, ReadyMade("own", "", condition))
    options = [f"{one.asks}:  {one.condition}  ({one.mode})" for one in offered]
    return offered[questions.choice("What must a new model show? (the figures can be changed later)", options)]


def _fitted(draft: Draft, gate: Gate, *, is_free: bool) -> tuple[Draft, str]:
    """The draft with a tolerance that the examples at hand reach, where the condition was not the user's own."""
    from proctor.cli.fitting import fit

    found = fit(gate)
    if found is None or found.is_enough or found.asked is None:
        return draft, ""
    facts = f"±{found.asked:g} needs {found.needed:,} examples, and there are {found.n_examples:,}"
    life = found.life
    if life is None:
        return draft, f"{facts}, which resolve nothing at this reliability: label more before you begin"
    if not is_free or draft.condition.count("+/-") != 1:
        return draft, f"{facts}: raise the tolerance, or see `proctor plan`"
    condition = f"{draft.condition.partition('+/-')[0]}+/- {life.tolerance:g}"
    expected = "" if life.passes == draft.passes else f", and {life.steps} steps with {life.passes} pass are expected"
    fitted = replace(draft, condition=condition, steps=life.steps, passes=life.passes)
    return fitted, f"{facts}: the tolerance was set to {life.tolerance:g}{expected}"


def _write(target: Path, text: str) -> None:
    refuse_to_write_out(target)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misuse(f"{target} cannot be written: {error.strerror}") from None


def _say_what_next(draft: Draft, target: Path, folder: Path) -> None:
    if draft.to_fill_in:
        keys = ", ".join(sorted(draft.to_fill_in))
        click.echo(f"  to fill in: {keys} (no such file was found; the lines are marked)")
    place = "" if folder == Path() else f" {target}"
    click.echo(f"  next        proctor plan{place}    how many examples and labels it takes")
    click.echo(f"  then        proctor check{place}   judge the model and record the verdict")
    click.echo(f"  labels      {draft.labels} is not for those who build models: do not commit it as it is;")
    apart = ", once the labels are in a file of their own" if draft.features == draft.labels else ""
    click.echo(f"              `proctor testset seal` encrypts it{apart}")


def _say_what_to_add(draft: Draft, folder: Path) -> None:
    """The line for each tool that runs the pipelines here, or keeps the models."""
    from proctor.gatefile.house import additions
    from proctor.models.runnable import Versioned

    if isinstance(draft.candidate, Versioned):
        click.echo("  to add      proctor.yml, at its end; or set MLFLOW_TRACKING_URI to the address:")
        click.echo("                runstore: http://…")
    for one in additions(folder, draft.candidate):
        click.echo(f"  to add      {one.file}, {one.place}:")
        if one.imports:
            click.echo(f"                {one.imports}")
        click.echo(f"                {one.line}")
