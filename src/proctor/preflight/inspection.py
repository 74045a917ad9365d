"""The order in which a preflight looks at things; each part says what it found and stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from proctor.budget import SPENT, open_account
from proctor.conditions import Formula, clusters, slices
from proctor.counting.coding import joint_counts
from proctor.counting.panel import disagreements
from proctor.counting.reading import Content
from proctor.errors import FRESH_TEST_SET, DataError, ProctorError, SandboxError
from proctor.frozen import dataclass, replace
from proctor.gate import dvc
from proctor.gate.asking import Asked, asked, is_askable
from proctor.gate.books import LedgerView
from proctor.gate.contestants import ModelRunner
from proctor.gate.locked import LockedTestSet
from proctor.gate.session import Session
from proctor.gate.tables import refuse_table
from proctor.gatefile import Gate, Inputs, NamedCondition, PredictionsFile
from proctor.ledger.history import TestSetHistory
from proctor.methods import beyond_accuracies
from proctor.predictions import Labels, Panel, Source, align
from proctor.preflight.accounts import (
    gate_file,
    judge_account,
    look_up,
    plan_without_testset,
    planned,
)
from proctor.preflight.chance import RUNS, Next, chance, missing_from, next_of, resampled_chance
from proctor.preflight.development import (
    Bench,
    Development,
    declared,
    has_candidate,
    labeled,
    open_development,
)
from proctor.preflight.informed import NO_DATA
from proctor.preflight.report import Figures, Finding, Mark, Preflight, good, problem, skipped, warning
from proctor.runtime import Runtime
from proctor.testset import ExampleFiles, TestSet, load
from proctor.testset.likeness import told, unlike

_UNASKED = "not asked as long as there is no baseline"


def inspect(gate: Gate, runtime: Runtime, development: Development | None = None) -> Preflight:
    """
    Look at everything that can be known of the candidate without a test label; spend nothing.

    Development data that are left out are those that the gate file names.
    """
    refuse_table(gate, "proctor preflight", "`proctor check` refuses tables that do not fit before anything is spent.")
    with Session(gate=gate, runtime=runtime, opens_labels=False) as session:
        testset, books, said = look_up(session)
        named = development or Development()
        context = _Context(session, testset, books, named if named.is_there else declared(gate))
        parts = [_account(context), _candidate(context), _development(context)]
    findings = [gate_file(gate), *said, *(found for part in parts for found in part.findings)]
    figures = Figures(**{name: value for part in parts for name, value in part.figures.items()})
    return Preflight(gate.name, tuple(findings), figures)


class _Part(NamedTuple):
    """Findings of one part, and the figures behind them."""

    findings: tuple[Finding, ...] = ()
    figures: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class _Context:
    """
    Context that every part is given.

    Attributes:
        testset: The test set, of a sealed one without the key what the ledger says; ``None`` if it is not here.
        books: What the ledger says of it; ``None`` if it cannot be asked.
        files: Development data that were named.
    """

    session: Session
    testset: TestSet | None
    books: LedgerView | None
    files: Development

    @property
    def gate(self) -> Gate:
        return self.session.gate

    @property
    def examples(self) -> TestSet | None:
        """The test set with its examples; ``None`` if they cannot be looked at here."""
        return None if isinstance(self.testset, LockedTestSet) else self.testset

    @property
    def life(self) -> TestSetHistory | None:
        return self.books.life if self.books else None

    @cached_property
    def bench(self) -> Bench:
        """The development data; opened once, and the candidate run on them once."""
        examples = open_development(self.gate, self.files, self.examples)
        return Bench(self.gate, self.files, examples, self.session.runner_on(examples), self.life)

    @cached_property
    def asked(self) -> Asked:
        """Question that will be asked; runs nothing."""
        return asked(self.session, self.life)

    @cached_property
    def each(self) -> Mapping[NamedCondition, Asked | None]:
        """Question of each condition of a map; ``None`` where it is not asked as long as there is no baseline."""
        session, life = self.session, self.life
        return {
            part: asked(session, life, part=part) if is_askable(session, life, part) else None
            for part in self.gate.named
        }


def _account(context: _Context) -> _Part:
    books, testset = context.books, context.testset
    if books is None or testset is None:
        return _Part((plan_without_testset(context.gate),) if testset is None else ())
    try:
        found = context.asked
        if found.formula is None or not context.gate.named:
            return _account_of(context, books, testset, found)
        return _on_each(context, partial(_account_of_part, context, books, testset))
    except ProctorError as error:
        return _Part((problem("question", error),))


def _on_each(context: _Context, part_of: Callable[[NamedCondition], _Part]) -> _Part:
    """Findings on each condition of a map, under its name; of the figures, those in which they agree."""
    found = {each: part_of(each) for each in context.gate.named}
    findings = [
        replace(finding, text=f"`{each.name}`{'' if each.is_enforced else ' (informs only)'}: {finding.text}")
        for each, part in found.items()
        for finding in part.findings
    ]
    first, *others = (part.figures for part in found.values())
    figures = {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}
    return _Part(tuple(dict.fromkeys(findings)), figures)


def _account_of_part(context: _Context, books: LedgerView, testset: TestSet, part: NamedCondition) -> _Part:
    """The account as one condition finds it; one that only informs is no problem where it is out of reach."""
    question = context.each[part]
    if question is None:
        return _Part((skipped("plan", _UNASKED),))
    found = _account_of(context, books, testset, question)
    if part.is_enforced:
        return found
    told = (
        warning(each.name, f"it will not be judged: {each.text}", each.hint)
        if each.mark is Mark.PROBLEM and each.exit_code == FRESH_TEST_SET
        else each
        for each in found.findings
    )
    return found._replace(findings=tuple(told))


def _account_of(context: _Context, books: LedgerView, testset: TestSet, found: Asked) -> _Part:
    if books.life is not None and books.life.recorded_answer(found.question) is not None:
        said = good("cost", "this candidate was judged before: it gets the recorded answer, at no cost")
        return _Part((said,), {"is_replay": True})
    findings, figures = judge_account(context.gate, books, testset.n_examples, found)
    return _Part(findings, {"is_replay": False, **figures})


# --- the candidate ---------------------------------------------------------------------------------------------------


def _candidate(context: _Context) -> _Part:
    try:
        return _Part((_tried(context),))
    except SandboxError as error:
        # The machine that judges may well have what this one lacks.
        return _Part((warning("candidate", f"not run here: {error.message}", error.hint),))
    except ProctorError as error:
        return _Part((problem("candidate", error),))


def _tried(context: _Context) -> Finding:
    gate = context.gate
    if isinstance(gate.candidate, PredictionsFile):
        return _well_formed(context, gate.candidate)
    if context.files.features is not None and context.files.candidate is None:
        return _tried_on_development_data(context)
    if gate.testset.sample is None:
        return skipped(
            "candidate",
            "not run: there are no public examples to run it on",
            "Name a few in the gate file (`testset: {sample: FILE}`), or pass --development FEATURES.",
        )
    sample = Source(gate.resolve(gate.testset.sample), fence=gate.guard)
    public = load(ExampleFiles(sample, sample, gate.testset.id, gate.testset.label, reading=gate.reading))
    bench = context.session.runner_on(public)
    align(public.sheet(), bench.candidate().read())
    return _ran(bench, "public")


def _tried_on_development_data(context: _Context) -> Finding:
    try:
        bench = context.bench
    except ProctorError:
        return skipped("candidate", "not run: the development data cannot be used")
    align(bench.examples.sheet(), bench.candidate)
    return _ran(bench.runner, "development")


def _well_formed(context: _Context, file: PredictionsFile) -> Finding:
    """Predictions that were made elsewhere: read, and held against the examples where those are here."""
    testset, gate = context.examples, context.gate
    dvc.bring(gate, context.session.runtime.environ, dvc.of_models(gate))
    if not gate.resolve(file.predictions).exists():
        raise DataError(f"there is no file {file.predictions!r}", hint="Write the candidate's predictions to it.")
    bench = context.session.runner_on(testset if testset is not None else _nothing(gate, file))
    columns = bench.candidate().each
    found = [each.read() for each in columns]
    said = f"{len(found[0]):,} predictions, well formed"
    if testset is None:
        return good("candidate", f"{said}; not compared with the test set")
    for each, predictions in zip(columns, found, strict=True):
        notes = align(testset.sheet(reading=gate.reading_on(each.column)), predictions).notes
    for note in notes:
        context.session.runtime.remark(note)
    return good("candidate", f"{said}, one for each example")


def _nothing(gate: Gate, file: PredictionsFile) -> TestSet:
    """Stands in for a test set that is not here: the predictions' own ids."""
    source = Source(gate.resolve(file.predictions), fence=gate.guard)
    return load(ExampleFiles(source, source, file.id, gate.testset.label, reading=gate.reading))


def _ran(bench: ModelRunner, kind: str) -> Finding:
    return good(
        "candidate",
        f"ran on {bench.testset.n_examples:,} {kind} examples; well formed (sandbox: {bench.execution.tier})",
    )


# --- development data ------------------------------------------------------------------------------------------------


def _development(context: _Context) -> _Part:
    if not context.files.is_there:
        if context.gate.is_informed:
            context.session.runtime.remark(NO_DATA)
        hint = "Name some: --development FEATURES --development-labels LABELS."
        return _Part((skipped("chance", "not known: no development data were named", hint),))
    try:
        labels = context.bench.examples.read_labels() if context.files.labels is not None else None
        if not has_candidate(context.gate, context.files):
            said = "not known: what the candidate predicts on the development data is not known"
            return _Part((skipped("chance", said, "Name it: --development-candidate FILE."),))
        panel = context.bench.panel(labels)
        alike = _alike(context)
        changed = _changed(context.gate, panel)
        likely = _chances(context, panel, labels)
    except ProctorError as error:
        return _Part((problem("development", error),))
    return _Part((*alike, *changed.findings, *likely.findings), {**changed.figures, **likely.figures})


def _alike(context: _Context) -> tuple[Finding, ...]:
    """A warning if the development data do not look like the test set; on sealed inputs nothing is compared."""
    if context.examples is None or context.gate.testset.inputs is Inputs.SEALED:
        return ()
    found = unlike(context.bench.examples, context.examples)
    if not found:
        return ()
    said = f"the development data do not look like the test set: {told(found)}"
    return (warning("likeness", said, "What is expected of them may not hold there. Draw both in the same way."),)


def _changed(gate: Gate, panel: Panel) -> _Part:
    if panel.baseline is None:
        hint = "Name its predictions on the development data: --development-baseline FILE."
        return _Part((skipped("changes", "the baseline's predictions on development data are not known", hint),))
    share = disagreements(panel) / len(panel)
    said = f"{100 * share:.3g} % of the predictions change, on {len(panel):,} development examples"
    if gate.disagreement is None or share <= gate.disagreement:
        return _Part((good("changes", said),), {"changed": share})
    hint = "Plans rely on `disagreement`: more changes than that make a pass less likely."
    said += f"; the gate file expects {100 * gate.disagreement:.3g} %"
    return _Part((warning("changes", said, hint),), {"changed": share})


def _chances(context: _Context, panel: Panel, labels: Labels | None) -> _Part:
    gate = context.gate
    takes_labels = gate.reading.labels is not Content.ANY
    if labels is None and takes_labels:
        return _Part((skipped("chance", "not known: there are no labels", "Name them: --development-labels LABELS."),))
    if labels is None or not takes_labels:
        labels = Labels(np.zeros(len(panel), np.int8))
    results = labeled(panel, labels)
    if not len(results[0]):
        return _Part((skipped("chance", "not known: no development example has a label"),))
    formula = context.asked.formula if context.books is not None else gate.formula
    if formula is None or not gate.named:
        return _chance(context, *results, formula)

    def on(part: NamedCondition) -> _Part:
        if context.books is None:
            return _chance(context, *results, gate.read(part.condition))
        question = context.each[part]
        if question is None:
            return _Part((skipped("chance", _UNASKED),))
        return _chance(context, *results, question.formula)

    return _on_each(context, on)


def _chance(context: _Context, panel: Panel, labels: Labels, formula: Formula | None) -> _Part:
    coming = _coming(context, formula)
    if coming is None:
        return _Part((skipped("chance", "not known: no evaluation is due"),))
    if slices(coming.formula):
        return _Part((skipped("chance", "not known: what happens on slices is not simulated"),))
    if clusters(coming.formula):
        return _Part((skipped("chance", "not known: what happens on clusters is not simulated"),))
    if missing := missing_from(panel, coming.formula):
        names = ", ".join(f"`{variable}`" for variable in sorted(missing))
        hint = "Name them: --development-baseline FILE, --development-anchor FILE."
        return _Part((skipped("chance", f"not known: predictions of {names} on development data are missing", hint),))
    context.session.runtime.progress(f"simulating {2 * RUNS:,} evaluations")
    if beyond_accuracies(coming.formula) is None:
        found = chance(joint_counts(panel, labels), coming)
    else:
        found = resampled_chance(panel, labels, coming)
    likely, allowing = (_percent(share, found.runs) for share in (found.at_estimate, found.with_uncertainty))
    said = (
        f"{likely} if the test set is like the {len(panel):,} development examples, "
        f"{allowing} allowing for their number ({found.runs} simulated evaluations each, "
        f"of {coming.n_examples:,} examples, at the next level)"
    )
    figures = {
        "development_examples": len(panel),
        "chance": found.at_estimate,
        "chance_with_uncertainty": found.with_uncertainty,
    }
    if found.at_estimate >= 0.5:
        return _Part((good("chance", said),), figures)
    hint = "It is more likely to fail than to pass: improve it first."
    return _Part((warning("chance", said, hint),), figures)


def _coming(context: _Context, formula: Formula | None) -> Next | None:
    """The evaluation that is due; on a machine without the test set, the first one of a set that is large enough."""
    gate, books, testset = context.gate, context.books, context.testset
    if formula is None:
        return None
    if books is not None and testset is not None:
        log_level, n_examples = books.account(gate).next_log_level(gate.stakes), testset.n_examples
    else:
        log_level, n_examples = open_account(gate.contract).next_log_level(gate.stakes), planned(gate).examples
    if log_level == SPENT:
        return None
    return next_of(gate, formula, log_level, n_examples)


def _percent(share: float, runs: int = RUNS) -> str:
    """
    A share among the runs, without more certainty than they have.

    >>> _percent(1.0), _percent(0.87), _percent(0.0), _percent(1.0, 40)
    ('over 98 %', 'about 87 %', 'under 2 %', 'over 90 %')
    """
    least = round(400 / runs)
    if 100 * share > 100 - least:
        return f"over {100 - least} %"
    return f"under {least} %" if 100 * share < least else f"about {100 * share:.0f} %"
