"""`proctor labels`: the owner asks people for labels, and takes them back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli.owners import EXISTING, as_json_option, session_of
from proctor.cli.printing import print_found
from proctor.errors import PASSED

if TYPE_CHECKING:
    from proctor.custody.labeling import Holdings

_FORMS = ("csv", "jsonl", "label-studio")

gate_option = click.option(
    "--gate", "file", metavar="FILE", default=".", type=click.Path(), help="The gate file; left out: the one here."
)


@click.group()
def labels() -> None:
    """
    Ask people for labels of a test set that lacks some, and take them back: for its owner.

    `proctor check` says which labels it needs (exit code 3), and which those are tells something about the models. What
    these commands print is for the owner alone.

    \b
    Examples:
      proctor labels request --form label-studio > tasks.json   what is asked for, as tasks
      proctor labels import export.json                         take the labels back
      proctor labels next                                       ask for the next batch, where one is bought at a time
      proctor labels show                                       how many there are
    """


@labels.command(
    short_help="Print what labels are asked for, in the form you need.",
    epilog="""\b
Examples:
  proctor labels request > to-label.csv
  proctor labels request --form label-studio > tasks.json
""",
)
@gate_option
@click.option("--form", type=click.Choice(_FORMS), default=_FORMS[0], show_default=True, help="Form of the request.")
def request(file: str, form: str) -> int:
    """
    Print the last request of `proctor check`, as far as its labels are not there yet.

    It names examples in the order fixed at registration: label them in that order, if not all. As JSON Lines and as
    tasks of Label Studio it shows their features, too, unless the inputs are sealed. No prediction is in it, and none
    may be shown to whoever labels: people lean towards what a model says.
    """
    from proctor.cli import outputs
    from proctor.custody.labeling import wanted
    from proctor.testset import Form, blank_form

    session = session_of(file)
    rows = wanted(session)
    click.echo(blank_form(session.testset, rows, Form(form)), nl=False)
    if not rows:
        outputs.remark("no label is asked for: `proctor check` asks for those that it lacks")
    return PASSED


@labels.command(
    "import",
    short_help="Take labels back that were asked for.",
    epilog="""\b
Examples:
  proctor labels import labeled.csv --by ann
  proctor labels import export.json               a JSON export of Label Studio
  proctor labels import export.json --new-only    a later one of the whole project
""",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=EXISTING)
@gate_option
@click.option("--by", metavar="NAME", help="Who labeled, where a file does not say it; left out: you.")
@click.option(
    "--request", "requests", metavar="FILE", multiple=True, type=EXISTING, help="A request made on another machine."
)
@click.option("--new-only", is_flag=True, help="Pass over labels that are there already, and agree.")
@as_json_option
def import_(
    files: tuple[Path, ...], file: str, by: str | None, requests: tuple[Path, ...], new_only: bool, as_json: bool
) -> int:
    """
    Take the labels in each FILE into the file of labels: CSV, JSON Lines, or a JSON export of Label Studio.

    Rows without a label are passed over, so that a part can come back first. Refused, with nothing taken in, are labels
    that were not asked for, of unknown examples or classes, that contradict each other or those that are there, or that
    are there already. A project that is exported whole each time brings those again: --new-only passes over them.

    Sealed labels are sealed again. Who labeled what, and when, stays with the owner; the ledger says nothing of it.
    """
    from proctor.custody.labeling import holdings, take_in

    n_new = take_in(session_of(file), files, by=by, requests=requests, is_new_only=new_only)
    found = holdings(session_of(file))
    print_found({"imported": n_new, **_facts(found)}, as_json, lambda: [_imported(n_new, found), *_lines(found)])
    return PASSED


def _imported(n_new: int, found: Holdings) -> str:
    if not n_new:
        return f"nothing new: every label is in {found.labels} already"
    return f"took {n_new:,} {'label' if n_new == 1 else 'labels'} into {found.labels}"


@labels.command(
    "next",
    short_help="Ask for the next labels of what is bought batch by batch.",
    epilog="""\b
Examples:
  proctor labels next
  proctor labels next --batch 50
  proctor labels next gates/spam.yml --json
""",
)
@click.argument("file", metavar="[FILE]", default=".", type=click.Path())
@click.option(
    "--batch", metavar="N", type=click.IntRange(1), default=100, show_default=True, help="Labels for each question."
)
@as_json_option
def next_(file: str, batch: int, as_json: bool) -> int:
    """
    Read the labels of each question that waits (`labels: sequential`), and ask for the next that it needs.

    Where the labels decide a question, it is noted as collected, and the next `proctor check` of it gives the verdict,
    which nobody learns before. Run it again whenever labels were taken in, and after every verdict: at another level
    the same question may need more. A question that nobody asks any more is dropped by removing its file.
    """
    from proctor.cli import outputs
    from proctor.custody.labeling import collect
    from proctor.text import printable

    session = session_of(file)
    found = collect(session, batch)
    print_found(
        {"questions": [each._asdict() for each in found]},
        as_json,
        lambda: [
            f"{'collected' if each.is_collected else 'collecting':10} "
            f"{printable(each.candidate)}  {printable(each.condition)}"
            for each in found
        ],
    )
    if not found:
        outputs.remark("no question waits for labels: `proctor check` leaves one under `labels: sequential`")
    elif not all(each.is_collected for each in found):
        outputs.remark("the next labels are asked for: `proctor labels request` prints which")
    return PASSED


@labels.command(
    short_help="Count the labels that are there, and those that are asked for.",
    epilog="""\b
Examples:
  proctor labels show
  proctor labels show --gate gates/spam.yml --json
""",
)
@gate_option
@as_json_option
def show(file: str, as_json: bool) -> int:
    """
    Count the labels that are there, those of the last request that are not, and who gave them.

    For the owner alone: how many labels a verdict took tells something about the models.
    """
    from proctor.custody.labeling import holdings

    found = holdings(session_of(file))
    print_found(_facts(found), as_json, lambda: _lines(found))
    return PASSED


def _facts(found: Holdings) -> dict[str, object]:
    return {
        "labels": str(found.labels),
        "n_examples": found.n_examples,
        "n_labels": found.n_labels,
        "n_wanted": found.n_wanted,
        "received": dict(found.received),
    }


def _lines(found: Holdings) -> list[str]:
    from proctor.text import printable

    return [
        f"labels     {found.n_labels:,} of {found.n_examples:,} examples have one",
        f"wanted     {found.n_wanted:,} of the last request",
        *(f"received   {number:,} from {printable(name)}" for name, number in found.received.items()),
    ]
