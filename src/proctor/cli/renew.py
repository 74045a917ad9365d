"""`proctor testset register` and `renew`: the first test set of a project, and each that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from proctor.cli.owners import EXISTING, as_json_option, gate_file, session_of
from proctor.cli.printing import print_found
from proctor.errors import PASSED

if TYPE_CHECKING:
    from proctor.custody.succession import Succession

_project_option = click.option(
    "--project-reliability", type=float, metavar="P", help="Reliability of all test sets together."
)
_another_option = click.option(
    "--another-set",
    "another",
    metavar="REASON",
    help="Why this is not the registered set that it looks like; on record.",
)


@click.command(
    short_help="Register the test set that follows the last one.",
    epilog="""\b
Examples:
  proctor testset renew
  proctor testset renew --baseline accepted-model-on-the-new-examples.csv
""",
)
@gate_file
@click.option("--predecessor", metavar="FINGERPRINT", help="The set that is followed; left out: this gate's last one.")
@click.option("--baseline", type=EXISTING, help="Predictions of the accepted model on the new examples.")
@click.option(
    "--reliability",
    "own_reliability",
    type=float,
    metavar="P",
    help="Give it a budget of its own, of this reliability.",
)
@_project_option
@_another_option
@as_json_option
def renew(file: str, as_json: bool, **wished: Any) -> int:
    """
    Register the test set that the gate file names now as the successor of the last one.

    It starts with all that the last one has left, so that the project has one reliability forever; the last one is
    closed by that. With --reliability it gets a budget of its own, and their error probabilities sum.

    It must share no example with any set in the books, and be none of them in another form. Where nothing can
    tell (ids that are row numbers, other features), the owner says so with --another-set.

    The accepted model is measured on it and becomes its baseline: it is run again, or its predictions are given with
    --baseline.
    """
    return _register(file, as_json, follows=True, **wished)


@click.command(
    short_help="Register the first test set before its first check.",
    epilog="""\b
Examples:
  proctor testset register
  proctor testset register --baseline old.csv --project-reliability 0.99
""",
)
@gate_file
@click.option("--baseline", type=EXISTING, help="Predictions of the present model, which becomes the baseline.")
@_project_option
@_another_option
@as_json_option
def register(file: str, as_json: bool, **wished: Any) -> int:
    """
    Register the first test set of a project before its first check.

    With --project-reliability the set with number j may take the share 2^-j of the error probability.
    """
    return _register(file, as_json, follows=False, **wished)


def _register(file: str, as_json: bool, **wished: Any) -> int:
    from proctor.custody import chronicle
    from proctor.custody.succession import Wish
    from proctor.custody.succession import register as enter

    session = session_of(file)
    if session.gate.development is not None:
        from proctor.preflight.informed import refuse_shared

        refuse_shared(session, session.testset)
    done = enter(session, Wish(**wished))
    found = {
        "testset": done.life.registered.record.testset,
        "entry": done.life.registered.entry.number,
        "inherits": done.life.registered.record.inherits,
        "baseline": done.baseline.source if done.baseline else None,
        "number": len(done.lineage.sets),
        "error_sum": done.lineage.error_sum,
        "project_error": done.lineage.project_error,
    }
    print_found(found, as_json, lambda: [*succession_lines(done), "", *chronicle.lineage_lines(done.lineage)])
    return PASSED


def succession_lines(done: Succession) -> list[str]:
    """Sentences that say what was registered and measured."""
    record = done.life.registered.record
    before = " before; completed now" if done.completed else ""
    lines = [f"test set {record.testset[:12]} is registered, entry {done.life.registered.entry.number}{before}"]
    if done.baseline is None:
        lines.append("There is no accepted model yet: the first candidate becomes the baseline.")
    elif done.life.verdicts and done.life.accepted(done.life.verdicts[-1].record.origin.gate) is None:
        lines.append(f"{done.baseline.source} could not be run on it, which was charged: there is no baseline yet.")
    else:
        lines.append(f"{done.baseline.source} was measured on it, and is its baseline and anchor.")
    if record.inherits:
        lines.append("It starts with all that the set before it had left, on which nothing new is judged from here on.")
    if len(done.lineage.sets) > 1 and done.lineage.sets[-2].retired is None:
        lines.append("The set before it is not retired; `proctor testset retire` with its gate file ends it.")
    return lines
