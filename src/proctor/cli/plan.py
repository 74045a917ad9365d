"""`proctor plan`: how many examples and labels a condition takes, before any data is touched."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from proctor.cli.gathering import Form, form_options, gathered
from proctor.cli.printing import check_plot, print_report, progress_bar, write_text
from proctor.errors import Misuse

if TYPE_CHECKING:
    from proctor.conditions import Formula
    from proctor.gatefile import Policy
    from proctor.planning import Plan, Request

_PASS_RATE = 0.3


class _Project(NamedTuple):
    """A project to plan, as far as options say of it; without releases, one test set is planned."""

    releases: int | None
    pass_rate: float | None
    development: int | None


@click.command(
    epilog="""\b
Examples:
  proctor plan
  proctor plan proctor.yml --examples 5000
  proctor plan --releases 50 --pass-rate 0.3 --development 5000
  proctor plan --condition 'n - o > 0.02 +/- 0.02' --reliability 0.998 \\
               --steps 7 --adaptivity none --disagreement 0.1
""",
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--condition", help="Formula over n, o, a and d, such as 'n - o > 0.02 +/- 0.01'.")
@click.option("--reliability", help="Probability of no wrong pass in the whole life of the test set.  [default: 0.999]")
@click.option("--mode", help="Which outcome is never wrong: fp-free (a pass) or fn-free (a fail).  [default: fp-free]")
@click.option("--steps", help="Expected evaluations.  [default: 32]")
@click.option("--adaptivity", help="recycling, none, firstChange or full.  [default: recycling]")
@click.option("--passes", help="Expected passes.  [default: 3]")
@click.option("--stakes", help="adaptive, or guaranteed to promise the steps and passes.  [default: adaptive]")
@click.option("--bound", help="exact, or the paper's hoeffding or bennett.  [default: exact]")
@click.option("--power", help="Chance of a pass at threshold + 2 tolerances.  [default: the reliability]")
@click.option(
    "--disagreement", help="Anticipated share of changed predictions.  [default: that of a `d <` clause, or 1]"
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    help="Examples at hand (clusters, where these are judged): shows the tolerance they reach.",
)
@click.option(
    "--cluster-size",
    type=click.FloatRange(min=1),
    metavar="N",
    help="Examples that a cluster has on average: shows all examples and labels.",
)
@click.option(
    "--releases",
    type=click.IntRange(min=1, max=1000),
    metavar="K",
    help="Plan a project of K releases instead.",
)
@click.option(
    "--pass-rate", type=float, metavar="P", help="Share of a project's commits that deserve a pass.  [default: 0.3]"
)
@click.option(
    "--development", type=click.IntRange(min=1), metavar="N", help="Development examples that a project stakes by."
)
@click.option("--simulate", is_flag=True, help="Sharpen plans of betting tests by a seeded simulation.")
@click.option(
    "--sequential",
    is_flag=True,
    help="Say how many labels `labels: sequential` takes, which stops buying as soon as the outcome is decided.",
)
@form_options("the plan")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the plan.", metavar="FILE.svg")
@gathered(dict, "asked", "examples", "cluster_size", "simulate", "sequential")
@gathered(_Project, "of_project", *_Project._fields)
def plan(
    file: Path | None, asked: dict[str, Any], of_project: _Project, form: Form, plot: Path | None, **options: str | None
) -> None:
    """
    Say how many examples and labels a condition takes, and why.

    Reads FILE (a gate file, or a script of ease.ml/ci; proctor.yml if there is one and no --condition), or the options
    alone. Options override the file. With --releases, the labeled examples of a whole project: with fresh test sets,
    with one that grows, and with stakes made of development data.
    """
    from proctor.planning import plan as make_plan
    from proctor.reports import plan as report

    if of_project.releases is None and of_project != (None, None, None):
        said = "--development" if of_project.pass_rate is None else "--pass-rate"
        raise Misuse(
            f"{said} is about a project, and a test set is planned", hint="Say how many releases: --releases 50."
        )
    check_plot(plot)
    policy = policy_of(file, {name: text for name, text in options.items() if text is not None})
    if asked["cluster_size"] is not None and policy.cluster is None:
        raise Misuse(
            "--cluster-size is about clusters, and each example counts by itself here",
            hint="Name the column of the clusters in a gate file, `testset: {cluster: COLUMN}`; or leave it out.",
        )
    request = replace(policy.request(), **asked)
    if of_project.releases is not None:
        if request.sequential:
            raise Misuse("--sequential plans one test set, and --releases a project", hint="Leave one of them out.")
        _plan_project(policy, request, of_project, form, plot)
        return
    with progress_bar("planning") as progress:
        plans = [make_plan(each.formula, request, progress) for each in policy.parts]
    done, part = max(zip(plans, policy.parts, strict=True), key=lambda each: each[0].examples)
    notes = (*done.notes, *_on_conditions(policy, plans), *policy.notes_on_time, *policy.notes_on_stakes)
    done = replace(done, notes=notes)
    if plot is not None:
        _draw(plot, part.formula, request, done)
    print_report(report, form, done, part.condition)


def _on_conditions(policy: Policy, plans: list[Plan]) -> tuple[str, ...]:
    """Notes on the conditions of a map: what each needs, and how many of them a budget is for."""
    if not policy.named:
        return ()
    from proctor.reports.plan import answer, at_hand

    needs = []
    for each, found in zip(policy.named, plans, strict=True):
        said = "; ".join(filter(None, [answer(found), at_hand(found)]))
        needs.append(f"`{each.name}`{'' if each.is_enforced else ' (informs only)'}: {said}, for {each.condition}")
    count, steps, passes = len(policy.named), policy.stakes.steps, policy.stakes.passes
    price = (
        f"each condition is an evaluation: a commit takes up to {count} of the {steps:,} steps, and one that passes "
        f"them all takes {count} of the {passes:,} passes; the first enforced one that fails ends the check"
    )
    return ("shown is the plan of the condition that needs the most examples", *needs, price)


def _plan_project(policy: Policy, request: Request, asked: _Project, form: Form, plot: Path | None) -> None:
    from proctor import charts
    from proctor.planning.project import project
    from proctor.reports import project as report

    assert asked.releases is not None  # noqa: S101  # else one test set is planned
    rate = _PASS_RATE if asked.pass_rate is None else asked.pass_rate
    with progress_bar("planning") as progress:
        done = project(policy.formula, request, asked.releases, rate, asked.development, progress)
    if plot is not None:
        write_text(plot, charts.document([report.chart(done)]))
    print_report(report, form, done, policy.condition)


def policy_of(file: Path | None, options: dict[str, str]) -> Policy:
    """Policy of the file, overridden by options; without a file, of the options alone."""
    from proctor import gatefile

    if file is None and "condition" in options:
        return gatefile.policy_from_options(options)
    found = gatefile.load_any(file or Path())
    if not options:
        return found
    overridden = gatefile.policy_from_options({**_as_options(found, options), **options})
    named = () if "condition" in options else found.named
    return replace(
        found, **{each.name: getattr(overridden, each.name) for each in fields(overridden)} | {"named": named}
    )


def _as_options(policy: Policy, overrides: dict[str, str]) -> dict[str, str]:
    """A policy as the options that would give it, without those that the overrides make meaningless."""
    from proctor.budget import Adaptivity, Guaranteed
    from proctor.planning import Bound

    said: dict[str, Any] = {
        "condition": policy.condition,
        "reliability": policy.reliability,
        "mode": policy.mode,
        "adaptivity": policy.adaptivity,
        "steps": policy.stakes.steps,
        "bound": policy.bound,
        "disagreement": policy.disagreement,
    }
    if overrides.get("adaptivity", policy.adaptivity) == Adaptivity.RECYCLING:
        said["stakes"] = "guaranteed" if isinstance(policy.stakes, Guaranteed) else "adaptive"
        steps = overrides.get("steps", str(policy.stakes.steps))
        said["passes"] = min(policy.stakes.passes, max(1, int(steps))) if steps.isdecimal() else policy.stakes.passes
    if overrides.get("bound", policy.bound) == Bound.EXACT:
        said["power"] = policy.power
    return {name: str(value) for name, value in said.items() if value is not None}


def _draw(target: Path, formula: Formula, request: Request, done: Plan) -> None:
    from proctor import charts
    from proctor.planning import tolerance_curve
    from proctor.reports import plan as report

    drawn = report.charts(done, tolerance_curve(formula, request, done))
    if not drawn:
        raise click.BadParameter("this plan has neither a tolerance nor a life to draw", param_hint="--plot")
    write_text(target, charts.document(drawn))
