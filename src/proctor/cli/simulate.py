"""`proctor simulate`: attack a test set in a simulation, with and without an account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proctor.cli.gathering import Form, form_options
from proctor.cli.printing import check_plot, print_report, progress_bar, write_text
from proctor.errors import Misuse

if TYPE_CHECKING:
    from proctor.gatefile import Policy
    from proctor.simulation import Request

_DEMONSTRATED = {
    "attack": "n - o > 0.01 +/- 0.01",
    "aa": "n - o > 0 +/- 0.01",
    "ratchet": "n - o > -0.02 +/- 0.01",
    "stakes": "n - o > 0 +/- 0.01",
}
_SIZES = {"attack": (2000, 200), "aa": (2000, 200), "ratchet": (5000, 100), "stakes": (10_000, 24)}
"""Examples and repetitions; with fewer examples a small loss could not be shown to stay within the margin."""
_CLUSTER_SIZE = 5
_POLICY = ("condition", "reliability", "adaptivity", "steps", "passes", "stakes", "disagreement")


@click.command(
    epilog="""\b
Examples:
  proctor simulate --plot attack.svg
  proctor simulate proctor.yml --examples 5000
  proctor simulate --condition 'n - o > 0 +/- 0.01' --reliability 0.95 --predictions models.npz
  proctor simulate --mode ratchet --condition 'n - o > -0.02 +/- 0.01'
  proctor simulate --mode stakes --steps 200
""",
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--mode",
    "kind",
    type=click.Choice(["attack", "aa", "ratchet", "stakes"]),
    default="attack",
    show_default=True,
    help="Climb on the test set; commit the same model again; get a little worse every time; stake.",
)
@click.option("--condition", help="Formula over n, o, a and d, such as 'n - o > 0.02 +/- 0.01'.")
@click.option("--reliability", help="Probability of no wrong pass in the whole life of the test set.  [default: 0.999]")
@click.option("--protect", help="Contract's mode: fp-free (a pass is never wrong) or fn-free.  [default: fp-free]")
@click.option("--adaptivity", help="recycling, none, firstChange or full.  [default: recycling]")
@click.option("--steps", help="Commits in a life.  [default: 32]")
@click.option("--passes", help="Passes that the guaranteed stakes promise.  [default: 3]")
@click.option("--stakes", help="adaptive, or guaranteed to promise the steps and passes.  [default: adaptive]")
@click.option(
    "--disagreement",
    help="Share of predictions that a commit changes (not in attack).  [default: 0.05; stakes: 0.1]",
)
@click.option(
    "--baseline", type=click.Choice(["accepted", "fixed"]), help="What a commit is compared with.  [default: accepted]"
)
@click.option("--anchor", help="Clause that stops the ratchet.  [default: the condition's own margin against a]")
@click.option(
    "--drop",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.005,
    show_default=True,
    help="By how much each commit of the ratchet is worse.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=10),
    help="Size of a test set; with clusters, in clusters.  [default: by the mode]",
)
@click.option(
    "--cluster-size",
    type=click.IntRange(min=1),
    help="Examples of each cluster, all alike; one observation.  [default: 5 where the gate file names a `cluster`]",
)
@click.option("--repetitions", type=click.IntRange(min=1), help="Lives for each gate.  [default: by the mode]")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the random generator.")
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    metavar="TABLE.npz",
    help="Real predictions to play with: arrays y (labels) and p (a row for each model).",
)
@form_options("the result")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw the result.")
def simulate(file: Path | None, form: Form, plot: Path | None, **options: Any) -> None:
    """
    Show what an account is good for: attack the test set, here in a simulation.

    Plays a developer who sees every released bit against the condition and contract of FILE (a gate file; proctor.yml
    if there is one and no --condition), or of the options alone: beside proctor's accounts, gates that compare
    the estimates, test every commit anew, or divide the error over the commits. Counts the lives of a test set
    with at least one wrong outcome. Under clusters, the accounts stand below once more, counting each example.

    With --mode stakes, teams that stake by honest or flattering development data, on a test set that grows, or 0.95 on
    everything, beside one that does not stake. Nothing real is touched: no labels, no ledger.
    """
    check_plot(plot)
    from proctor.reports import simulation as report
    from proctor.simulation import Kind, study

    policy = _policy_of(file, options)
    request = _request(policy, options)
    with progress_bar("simulating") as progress:
        done = replace(study(request, Kind(options["kind"]), progress), notes=_notes(policy))
    if plot is not None:
        from proctor import charts

        write_text(plot, charts.document([report.chart(done)]))
    print_report(report, form, done)


def _request(policy: Policy, options: dict[str, Any]) -> Request:
    from proctor.simulation import Request, read_table

    if len(policy.named) > 1:
        names = ", ".join(f"`{each.name}`" for each in policy.named)
        raise Misuse(
            f"conditions are simulated one at a time, and the gate file asks {names}",
            hint=f"Name one: proctor simulate --condition '{policy.named[0].condition}'.",
        )
    table = options["predictions"]
    examples, repetitions = _SIZES[options["kind"]]
    named = ("seed", "anchor", "drop")
    return Request(
        condition=policy.condition,
        contract=policy.contract,
        stakes=policy.stakes,
        examples=options["examples"] or examples,
        repetitions=options["repetitions"] or repetitions,
        steps=policy.contract.steps or policy.stakes.steps,
        disagreement=policy.disagreement,
        baseline_moves=_moves(policy, options["baseline"]),
        cluster_size=options["cluster_size"] or (None if policy.cluster is None else _CLUSTER_SIZE),
        table=None if table is None else read_table(table),
        **{name: options[name] for name in named},
    )


def _policy_of(file: Path | None, options: dict[str, Any]) -> Policy:
    """Policy of the file, overridden by options; a demonstration where neither names a condition."""
    from proctor.cli.plan import policy_of
    from proctor.gatefile import file_of

    said = {name: options[name] for name in _POLICY if options[name] is not None}
    if options["protect"] is not None:
        said["mode"] = options["protect"]
    if file is None and "condition" not in said and not file_of(Path()).exists():
        said["condition"] = _DEMONSTRATED[options["kind"]]
    return policy_of(file, said)


def _moves(policy: Policy, asked: str | None) -> bool:
    """True if an accepted candidate becomes the baseline: as asked, or as the gate file says."""
    from proctor.gatefile import Accepted, Gate

    if asked is not None:
        return asked == "accepted"
    return not isinstance(policy, Gate) or isinstance(policy.baseline, Accepted)


def _notes(policy: Policy) -> tuple[str, ...]:
    from proctor.planning import Bound

    if policy.bound is Bound.EXACT:
        return ()
    return (f"the exact tests were simulated; `bound: {policy.bound}` decides from its own number of examples",)
