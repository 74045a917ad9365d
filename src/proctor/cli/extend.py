"""`proctor testset extend`: the owner adds examples to a test set, whose account goes on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli.owners import EXISTING, as_json_option, owner_option, session_of
from proctor.cli.printing import print_found
from proctor.errors import PASSED
from proctor.gatefile import Inputs, PredictionsFile

if TYPE_CHECKING:
    from proctor.custody.changes import Change
    from proctor.gate.session import Session
    from proctor.gatefile import Gate
    from proctor.ledger.records import Extended

EXISTING_OR_FOLDER = click.Path(exists=True, path_type=Path)
RULE = (
    "How many examples are added, and when, follows from what everybody may know: the calendar, what has arrived, the "
    "verdicts, the plan. Never from estimates, p-values or anything else that is the owner's alone."
)


@click.command(
    short_help="Add labeled examples to the test set.",
    epilog="""\b
Examples:
  proctor testset extend march-labels.csv --reason "those that arrived in March"
  proctor testset extend march.csv april.csv gates/spam.yml --reason "the spring"
  proctor testset extend march-labels.csv --features march-features.csv --reason "as planned"
""",
)
@click.argument("new_labels", nargs=-1, required=True, type=EXISTING_OR_FOLDER, metavar="NEW_LABELS... [FILE]")
@click.option(
    "--features",
    type=EXISTING,
    multiple=True,
    help="Features of the new examples, if any; once for each file.",
)
@click.option("--reason", required=True, help="Why they come now; everybody can read it.")
@click.option(
    "--another-set", metavar="REASON", help="Why they are none of the registered ones that they look like; on record."
)
@owner_option
@as_json_option
def extend(
    new_labels: tuple[Path, ...],
    features: tuple[Path, ...],
    reason: str,
    another_set: str | None,
    owner_record: Path | None,
    as_json: bool,
) -> int:
    """
    Add the examples of NEW_LABELS, one file or several, to the test set, on the same account.

    If the last one is a folder, or ends in .yml or .yaml, it is the gate file FILE.

    They must be drawn as the others were: not chosen by what models make of them, and labeled by people who see no
    predictions; in a pool, of which not all were labeled, they may come without labels. None may be in a registered
    test set; where columns only look so, such as balanced ones, the owner says so with --another-set. Models are run
    again, and a question that is asked of more examples is a new one, which is paid for.

    What is sealed stays sealed under its key. Where the inputs are sealed, the new files lie outside the project, or
    are sealed under the same key, and the accepted model is run on the new examples now, within its slot: the owner's
    record says how it does on them.

    How many are added, and when, must follow from what everybody may know: the calendar, what has arrived, the
    verdicts, the plan. Never from estimates, p-values or anything else that is the owner's alone: who adds until a test
    passes, looking twenty times, makes eight false passes in 1,000 where one was promised.
    """
    from proctor.cli import outputs
    from proctor.custody.changes import Attempt
    from proctor.custody.extension import extend as add
    from proctor.preflight.informed import refuse_shared

    *named, last = new_labels
    is_gate = bool(named) and (last.is_dir() or last.suffix in {".yml", ".yaml"})
    session = session_of(str(last) if is_gate else ".", owner_record)
    refuses = partial(refuse_shared, session) if session.gate.development is not None else None
    done = add(session, named if is_gate else new_labels, features, reason, another_set, refuses)
    found = {
        "testset": done.record.testset,
        "version": done.record.version,
        "added": done.record.n_added,
        "examples": done.record.n_examples,
        "entry": done.entry,
        "files": [str(path) for path in done.files],
        "recorded_before": done.attempt is not Attempt.FIRST,
    }
    is_there = done.attempt is Attempt.REPEATED
    print_found(found, as_json, lambda: lines_on_repeat(done) if is_there else lines(done, session))
    if done.record.reason != reason:
        outputs.remark(f"the recorded reason stands: {done.record.reason}")
    return PASSED


def lines_on_repeat(done: Change[Extended]) -> list[str]:
    """Sentences on an extension that had been done before."""
    from proctor.reports.sentences import count

    there = f"the {count(done.record.n_added, 'examples')} of these files already"
    since = f"since entry {done.entry} of the ledger, {done.at}"
    return [f"test set {done.record.testset[:12]} has {there}, {since}; nothing was changed"]


def lines(done: Change[Extended], session: Session) -> list[str]:
    """Sentences on an extension: what was done, and what is to be done now."""
    from proctor.reports.sentences import count

    is_sealed = session.gate.testset.inputs is Inputs.SEALED
    grew = f"grew by {count(done.record.n_added, 'examples')} to {done.record.n_examples:,}"
    return [
        f"test set {done.record.testset[:12]} {grew}, entry {done.entry} of the ledger{done.aside}",
        f"The new examples are in {', '.join(map(str, done.files))}.",
        *lines_on_files(session.gate, "has no predictions for them yet", done.record.n_examples),
        *([f"How the accepted model does on them is for the owner alone: {session.owners_file}."] if is_sealed else []),
        RULE,
    ]


def lines_on_files(gate: Gate, fault: str, n_examples: int) -> list[str]:
    """Advice on files of predictions, which are about the examples of before and have this *fault* now."""
    lines = [
        f"{source.predictions} {fault}: run its model on all {n_examples:,}."
        for source in (gate.candidate, gate.baseline)
        if isinstance(source, PredictionsFile)
    ]
    if isinstance(gate.baseline, PredictionsFile):
        named = gate.baseline.predictions
        lines.append(f"Then say that these are the baseline: `proctor testset baseline {named}`.")
    return lines
