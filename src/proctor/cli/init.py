"""`proctor init`: write a gate file for what lies here."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from proctor.cli.questions import Questions
from proctor.errors import Misuse
from proctor.files import refuse_to_write_out

if TYPE_CHECKING:
    from proctor.gatefile import Gate
    from proctor.gatefile.draft import Draft
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
    from proctor.cli import drafting
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
        draft = drafting.of_findings(folder, found, meant.models, questions, condition)
    else:
        draft = drafting.of_logs(logs, folder, questions, condition, force=force)
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


def _fitted(draft: Draft, gate: Gate, *, is_free: bool) -> tuple[Draft, str]:
    """The draft with a tolerance that the examples at hand reach, where the condition was not the user's own."""
    from proctor.cli.fitting import fit

    found = fit(gate)
    if found is None or found.is_enough or found.asked is None:
        return draft, ""
    facts = f"±{found.asked:g} needs {found.needed:,} examples, and there are {found.n_examples:,}"
    life = found.life
    if not is_free or draft.condition.count("+/-") != 1:
        return draft, f"{facts}: raise the tolerance or take more of them, see `proctor plan`"
    if life is None:
        return draft, f"{facts}, too few for any tolerance of use: take more before you begin"
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
