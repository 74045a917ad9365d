"""
A simulated study, as plain values, and what it looks like for people and for programs.

It is the border between `proctor.simulation` and those who print it: the tallies of all gates, which say who let a
wrong outcome through, and how often. Nothing here is private: the test sets are drawn for the simulation and thrown
away with it.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from proctor.charts import INK, Chart, Line, Look, Point
from proctor.frozen import asdict, dataclass

Json = dict[str, Any]
_TITLES = {
    "attack": "attack: a developer sees every released bit and climbs on the test set",
    "aa": "A/A: the same model is committed again and again",
    "ratchet": "ratchet: every commit is a little worse than the last accepted one",
    "stakes": "stakes: what development data are worth, and what careless stakes cost",
}
_BAR = 10


@dataclass(frozen=True, kw_only=True)
class Tally:
    """
    Results of one gate over many lives of a test set.

    Attributes:
        gate: Name of the gate, in words.
        condition: What it decided.
        is_ours: True if its levels come from an account of `proctor.budget`.
        lives: Number of lives that were simulated.
        false_lives: Lives with at least one wrong proof: a PASS whose condition is false in the population
            (in ``fn-free``, a FAIL whose condition is true).
        interval: Clopper–Pearson interval (95 %) for the probability of such a life.
        commits: Evaluations in a life, on average; fewer than asked for where the test set was spent.
        passes: Passes in a life, on average.
        leakage_bits: Description length of what was released, on average: of an account under its own code, of any
            other gate under the adaptive one, so that they compare.
        overestimate: By how much the test set flatters the model that is accepted at the end: its accuracy on the
            test set less that in the population, on average; ``None`` where models are not drawn.
        gain: Accuracy, in the population, of the model accepted at the end less that of the first one, on average;
            ``None`` likewise.
        false_by_commit: For each commit, the lives in which a wrong proof has been released by then.
        improvements: Improvements that passed and that were committed, on average; ``None`` where none are known.
    """

    gate: str
    condition: str
    is_ours: bool
    lives: int
    false_lives: int
    interval: tuple[float, float]
    commits: float
    passes: float
    leakage_bits: float
    false_by_commit: tuple[int, ...]
    overestimate: float | None = None
    gain: float | None = None
    improvements: tuple[float, float] | None = None

    @property
    def share(self) -> float:
        """Share of the lives that had a wrong proof."""
        return self.false_lives / self.lives


@dataclass(frozen=True, kw_only=True)
class Study:
    """
    A simulation and its results.

    Attributes:
        kind: ``attack``, ``aa``, ``ratchet`` or ``stakes``.
        mode: ``fp-free`` or ``fn-free``: which outcome has to be proven.
        error_probability: The contract's δ; at most so many lives may have a wrong proof.
        examples: Examples in a test set.
        steps: Commits in a life.
        repetitions: Lives for each gate.
        seed: Seed of the random generator.
        world: Where the models live, in words.
        developer: What the developer does, in words.
        tallies: One for each gate.
        cluster_size: Examples of each cluster, which is one observation; ``None`` if each example is one.
        notes: Further remarks, each a sentence.
    """

    kind: str
    mode: str
    error_probability: float
    examples: int
    steps: int
    repetitions: int
    seed: int
    world: str
    developer: str
    tallies: tuple[Tally, ...]
    cluster_size: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def proof(self) -> str:
        """The outcome that has to be proven: ``pass`` or ``fail``."""
        return "pass" if self.mode == "fp-free" else "fail"


def terminal(study: Study) -> str:
    """The study for a terminal: plain text, one table for each condition."""
    lines = ["", f"  {_TITLES[study.kind]}", f"  the developer {study.developer}", f"  {_setup(study)}"]
    for condition, tallies in groupby(study.tallies, key=lambda tally: tally.condition):
        lines += ["", f"  {condition}", "", *_aligned([_head(study), *(_row(tally, bar=True) for tally in tallies)])]
    lines += ["", f"  {promise(study)}"]
    return "\n".join([*lines, *(f"  note: {note}" for note in study.notes), ""])


def markdown(study: Study) -> str:
    """The study as Markdown."""
    lines = [f"### {_TITLES[study.kind]}", "", f"The developer {study.developer}. {_setup(study)}.", ""]
    for condition, tallies in groupby(study.tallies, key=lambda tally: tally.condition):
        head = _head(study)
        lines += [f"`{condition}`", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        lines += [f"| {' | '.join(_row(tally, bar=False))} |" for tally in tallies]
        lines.append("")
    return "\n".join([*lines, promise(study), "", *(f"> {note}\n" for note in study.notes)])


def to_json(study: Study) -> Json:
    """The study for programs; probabilities and accuracies as fractions."""
    found = asdict(study) | {"promise_contradicted": is_contradicted(study)}
    found["gates"] = [_gate(each) for each in study.tallies]
    del found["tallies"]
    if study.cluster_size is None:
        del found["cluster_size"]
    return found


def chart(study: Study) -> Chart:
    """Chart of the probability of a wrong outcome by each commit, for each gate, beside what the contract allows."""
    promised = 100 * study.error_probability
    limit = Line(
        (Point(0, promised), Point(study.steps, promised)),
        f"promised: at most {percent(study.error_probability)}",
        Look.DASHED,
        INK,
    )
    lines = [line for index, tally in enumerate(study.tallies) for line in _lines(study, index, tally)]
    return Chart(f"Probability of a false {study.proof} by commit", "commits", "percent of the lives", (limit, *lines))


def is_contradicted(study: Study) -> bool:
    """True if the errors of an account speak against its promise: an interval that lies above δ."""
    return any(tally.interval[0] > study.error_probability for tally in study.tallies if tally.is_ours)


def promise(study: Study) -> str:
    """The promise of proctor, and whether these lives speak against it; so few could never prove a small δ."""
    most = f"proctor promised at most {percent(study.error_probability)} of the lives with a false {study.proof}"
    if is_contradicted(study):
        return f"{most}: these lives CONTRADICT it; please report this as a bug, with the command"
    return f"{most}: nothing here contradicts it"


def percent(share: float) -> str:
    """
    A probability in percent.

    >>> percent(0.001), percent(0.125), percent(1.0)
    ('0.1 %', '12.5 %', '100 %')
    """
    return f"{100 * share:.3g} %"


def _setup(study: Study) -> str:
    size = study.cluster_size
    clusters = (
        "" if size is None else f" in {study.examples // size:,} clusters of {size}, whose examples are all alike"
    )
    return (
        f"{study.examples:,} examples{clusters}, {study.steps} commits, {study.repetitions:,} lives for each gate, "
        f"seed {study.seed}; {study.world}"
    )


def _head(study: Study) -> tuple[str, ...]:
    shown = ("gate", f"false {study.proof}", "95 % interval", "commits", "passes", "leakage")
    return (*shown, "improvements that pass") if study.kind == "stakes" else (*shown, "flattered", "accuracy")


def _row(tally: Tally, *, bar: bool) -> tuple[str, ...]:
    filled = round(_BAR * tally.share)
    drawn = f"{'▓' * filled}{'░' * (_BAR - filled)} " if bar else ""
    low, high = tally.interval
    return (
        tally.gate,
        f"{drawn}{percent(tally.share)}",
        f"{100 * low:.1f} – {100 * high:.1f} %",
        f"{tally.commits:.1f}",
        f"{tally.passes:.1f}",
        f"{tally.leakage_bits:.1f} bits",
        *_quality(tally),
    )


def _quality(tally: Tally) -> tuple[str, ...]:
    if tally.improvements is not None:
        passed, committed = tally.improvements
        return (f"{passed:.1f} of {committed:.1f}",)
    return (_points(tally.overestimate), _points(tally.gain))


def _points(difference: float | None) -> str:
    if difference is None:
        return "–"
    rounded = round(100 * difference, 1) + 0.0  # no minus before a zero
    return f"{rounded:+.1f} points"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["    " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _lines(study: Study, index: int, tally: Tally) -> tuple[Line, Line]:
    """The course of a gate, a color for each, dashed under a second condition; and the interval at its end."""
    gates = list(dict.fromkeys(tally.gate for tally in study.tallies))
    color = gates.index(tally.gate) % INK
    is_first = tally.condition == study.tallies[0].condition
    low, high = (100 * bound for bound in tally.interval)
    second = ", anchored" if study.kind == "ratchet" else ", each example counted"
    name = f"{tally.gate}{'' if is_first else second}: {percent(tally.share)} ({low:.3g} to {high:.3g} %)"
    if study.kind == "ratchet":
        name += f", accuracy {_points(tally.gain)}"
    shares = [0.0, *(100 * false / tally.lives for false in tally.false_by_commit)]
    course = Line(tuple(map(Point, range(len(shares)), shares)), name, Look.PLAIN if is_first else Look.DASHED, color)
    end = study.steps + study.steps * (index + 1) / 60
    return course, Line((Point(end, low), Point(end, high)), color=color)


def _gate(tally: Tally) -> Json:
    found = asdict(tally) | {"has_account": tally.is_ours, "false_share": tally.share}
    del found["is_ours"]
    return found
