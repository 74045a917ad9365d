"""`proctor explain`: a condition in plain words."""

from __future__ import annotations

import click

from proctor.cli.printing import json_text


@click.command(
    epilog="""\b
Examples:
  proctor explain                             the condition of proctor.yml here
  proctor explain 'n - o > 0.02 +/- 0.01'
  proctor explain --reliability 0.999 --mode fn-free 'n > 0.9'
""",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("condition", required=False)
@click.option(
    "--mode",
    type=click.Choice(["fp-free", "fn-free"]),
    help="Which outcome is never wrong: a pass (fp-free, the default), or a fail.",
)
@click.option("--reliability", type=float, help="Probability of never being wrong, such as 0.999.")
@click.option(
    "--cluster", metavar="COLUMN", help="As `testset.cluster`: all examples with one value are one observation."
)
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def explain(
    condition: str | None, mode: str | None, reliability: float | None, cluster: str | None, as_json: bool
) -> None:
    """
    Say in plain words what CONDITION asks, what a pass means and what it does not mean.

    If left out, it is that of the gate file here, with its mode, its reliability, its clusters and its labels.
    """
    from proctor import conditions, words
    from proctor.cli import terminal_width
    from proctor.gatefile import STAKES, Gate, Labeling, load_any

    if condition is None:
        gate = load_any(".")
        condition, mode, cluster = gate.condition, mode or gate.mode.value, cluster or gate.cluster
        reliability = gate.reliability if reliability is None else reliability
        formula = conditions.clustered(conditions.normalize_apart(conditions.parse(condition)), cluster)
        is_sampled = isinstance(gate, Gate) and gate.labels is Labeling.SAMPLED
        explanation = words.explain_formula(conditions.sampled(formula) if is_sampled else formula, mode, reliability)
    else:
        mode = mode or "fp-free"
        explanation = words.explain(condition, mode, reliability, cluster)
    if as_json:
        canonical = {"condition": str(conditions.parse(condition)), "mode": mode, "reliability": reliability}
        canonical |= {"cluster": cluster} if cluster else {}
        click.echo(json_text({**canonical, **explanation._asdict()}))
        return
    parts = (
        ("What it asks", explanation.asks),
        ("What a pass means" if mode == "fp-free" else "What a pass and a fail mean", explanation.passing_means),
        ("What it does not mean", explanation.passing_does_not_mean),
        ("What a stake does", (f"{STAKES[:1].upper()}{STAKES[1:]}.",)),
    )
    width = min(96, terminal_width() or 96)
    for title, sentences in parts:
        click.echo(click.style(title, bold=True))
        for sentence in sentences:
            click.echo(click.wrap_text(sentence, width, "  - ", "    "))
