"""`proctor check`: judge the candidate and record the verdict."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor import __version__
from proctor.cli.gathering import Form, form_options, gathered
from proctor.cli.outputs import Outputs, remark
from proctor.cli.owners import progress_of
from proctor.errors import PASSED
from proctor.loading import Named, commit_named, load_gate

if TYPE_CHECKING:
    from proctor.gatefile import Gate
    from proctor.release import Release


@click.command(
    epilog="""\b
Examples:
  proctor check                                  judge what proctor.yml declares
  proctor check gates/spam.yml --json            for a machine
  proctor check --candidate new.csv --baseline old.csv
                                                 judge prediction files without editing the gate file
  proctor check --if-changed                     in CI, for commits that leave the model alone
  proctor check --stake 0.8                      a pass is likely: it costs less then, a fail more
  proctor check .travis.yml --labels y.csv --candidate new.csv --baseline old.csv
                                                 the `ml:` section of ease.ml/ci

\b
Exit codes: 0 pass (or outcome withheld), 1 fail, 2 misuse, 3 labels missing,
4 fresh test set needed, 5 data, model or ledger unusable.
""",
)
@click.argument("file", default=".", type=click.Path())
@click.option(
    "--candidate",
    metavar="FILE|URI",
    help="Predictions of the new model, or its version in MLflow's registry (models:/fraud@challenger), in place of "
    "the gate file's candidate.",
)
@click.option(
    "--baseline", metavar="FILE|URI", help="The same for the old model, in place of the gate file's baseline."
)
@click.option("--labels", metavar="FILE", help="Labels of the test set, in place of the gate file's.")
@click.option(
    "--development-candidate",
    metavar="FILE",
    help="Predictions of the new model on the development data, to stake by (`stakes: informed`).",
)
@click.option("--development-baseline", metavar="FILE", help="The same for the old model.")
@click.option(
    "--if-changed",
    is_flag=True,
    help="Judge nothing, and exit with 0, if the candidate is the model it is compared with.",
)
@click.option(
    "--stake",
    type=float,
    metavar="SHARE",
    help="How likely you think a pass is (in fn-free: a fail), from 0.000001 to 0.95: the likelier outcome costs "
    "less then, the other more. Base it on anything but the test set.",
)
@click.option(
    "--again", is_flag=True, help="Ignore a recorded answer and ask anew: one more evaluation, which is paid for."
)
@click.option("--commit", metavar="SHA", help="Commit that is judged; the repository's head by default.")
@click.option(
    "--owner",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Append the private figures to FILE, for the owner of the test set alone.",
)
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path), help="Write the result as JUnit XML as well.")
@click.option("--sarif", metavar="FILE", type=click.Path(path_type=Path), help="Write the result as SARIF as well.")
@form_options("the release")
@gathered(Outputs, "outputs", *Outputs._fields)
@gathered(Named, "named", *(each.name for each in fields(Named)))
def check(
    outputs: Outputs,
    named: Named,
    if_changed: bool,
    stake: float | None,
    again: bool,
    commit: str | None,
    owner: Path | None,
    form: Form,
) -> int:
    """
    Judge the candidate and record the verdict.

    Only the verdict and the budget are shown: no figure that was computed from labels leaves the gate.
    The same question asked again gets the recorded answer and costs nothing. With --if-changed, a commit
    that leaves the model alone asks no question at all.
    """
    from proctor import service
    from proctor.runtime import Runtime

    runtime = Runtime(progress=progress_of(is_wanted=not form.as_json), remark=remark)
    with outputs.of_refusals():
        gate = load_gate(outputs.file, named)
        commit = commit_named(commit, gate.root)
        if if_changed:
            from proctor.cli import unchanged

            left = unchanged.question(gate, runtime, commit)
            if left is None:
                return _pass_over(gate, outputs, runtime.now(), form)
            gate = left
        release = service.judge(gate, runtime, service.How(commit, owner, stake, again))
    click.echo(_rendered(release, form))
    outputs.write(release, gate)
    service.deliver(release, gate, runtime, owner)
    return release.exit_code


def _pass_over(gate: Gate, outputs: Outputs, at: str, form: Form) -> int:
    """Nothing is asked, nothing is spent, and nothing stands in the way."""
    from proctor.reports import json as rendering
    from proctor.reports import sentences

    click.echo(rendering.render_unchanged(gate.name, __version__) if form.as_json else sentences.UNCHANGED)
    outputs.write_unchanged(gate, at)
    return PASSED


def _rendered(release: Release, form: Form) -> str:
    if form.as_json:
        from proctor.reports import json as rendering

        return rendering.render(release)
    if form.as_markdown:
        from proctor.reports import markdown

        return markdown.render_release(release)
    from proctor.cli import terminal_width
    from proctor.reports import terminal

    return terminal.render_release(release, terminal_width())
