"""
`proctor testset`: what the owner of a test set does, from sealing to retirement.

Options and one call each; what the acts are stands in `proctor.custody`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proctor.cli.extend import extend
from proctor.cli.owners import EXISTING, as_json_option, gate_file, owner_option, print_found, session_of
from proctor.cli.seal import seal
from proctor.cli.settings import baseline, settings
from proctor.errors import PASSED, UNUSABLE, Misuse
from proctor.text import printable

if TYPE_CHECKING:
    from proctor.custody.corrections import Correction
    from proctor.custody.delivery import Result
    from proctor.custody.outcomes import Opened
    from proctor.custody.retirement import Retirement
    from proctor.custody.succession import Succession

_NO_REASON = "no reason given"


@click.group()
def testset() -> None:
    """
    Look after a test set: for its owner.

    \b
    Examples:
      proctor testset seal exam/labels.csv      encrypt the labels
      proctor testset show                      its life so far, and the sets before and after it
      proctor testset extend more.csv           add labeled examples, on the same account
      proctor testset retire --reason "spent"   end it, and give its labels to developers
      proctor testset renew                     register the one that follows
    """


for command in (seal, extend, settings, baseline):
    testset.add_command(command)


@testset.command(
    short_help="Show the life of the test set, and its lineage.",
    epilog="""\b
Examples:
  proctor testset show
  proctor testset show gates/spam.yml --json
""",
)
@gate_file
@as_json_option
def show(file: str, as_json: bool) -> int:
    """
    Show the life of the test set, and the sets before and after it.

    Everything shown is public. A set that was handed what the one before it had left adds nothing to the probability
    that anything in the lineage is wrong; those of sets with a budget of their own sum (`renew --reliability`).
    """
    from proctor.custody import chronicle

    session = session_of(file, only_reads=True)
    books = session.books()
    session.life(books)
    found = chronicle.chronicle(books.lives, session.exam.fingerprint)
    print_found(found, as_json, lambda: chronicle.lines(found))
    return PASSED


@testset.command(
    short_help="Correct labels, on record.",
    epilog="""\b
Example:
  proctor testset correct exam/labels-2.csv --reason "three were typed wrong"
""",
)
@click.argument("new_labels", type=EXISTING)
@gate_file
@click.option("--reason", default="", help="Why; it goes to the owner's record alone.")
@owner_option
@as_json_option
def correct(new_labels: Path, file: str, reason: str, owner_record: Path | None, as_json: bool) -> int:
    """
    Correct labels to those of NEW_LABELS, the whole file of them.

    How many were corrected is recorded in the ledger, which and why in the owner's record. Past verdicts stand.
    """
    from proctor.custody.corrections import correct as record

    done = record(session_of(file, owner_record), new_labels, reason)
    found = {
        "corrected": done.n_rows,
        "entry": done.entry,
        "labels": str(done.labels),
        "recorded_before": done.completed,
    }
    print_found(found, as_json, lambda: _correction_lines(done))
    return PASSED


def _correction_lines(done: Correction) -> list[str]:
    noun = "label" if done.n_rows == 1 else "labels"
    again = " (recorded before; completed now)" if done.completed else ""
    return [
        f"corrected {done.n_rows:,} {noun}, entry {done.entry} of the ledger{again}; past verdicts stand",
        f"The corrected labels are in {done.labels}.",
    ]


@testset.command(
    short_help="End the test set and give it to developers.",
    epilog="""\b
Examples:
  proctor testset retire
  proctor testset retire --yes --reason "spent"
""",
)
@gate_file
@click.option("--reason", show_default=_NO_REASON, help="Why; everybody can read it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@owner_option
@as_json_option
def retire(file: str, reason: str | None, yes: bool, owner_record: Path | None, as_json: bool) -> int:
    """
    End the test set for good, and give its labels to developers.

    Outcomes that were withheld are opened. Recorded answers are still given, nothing new is judged. Whoever has seen
    outcomes that developers have not should have no say in when this is done.
    """
    from proctor.cli import outputs
    from proctor.custody.retirement import retire as end

    if not yes:
        _ask_before_the_end()
    done = end(session_of(file, owner_record), _NO_REASON if reason is None else reason)
    found = {
        "testset": done.taken.record.testset,
        "entry": done.taken.entry.number,
        "reason": done.taken.record.reason,
        "outcomes": dict(done.taken.record.outcomes or {}),
        "files": {opening.what: str(opening.path) for opening in done.files},
        "recorded_before": done.completed,
    }
    print_found(found, as_json, lambda: _retirement_lines(done))
    if reason not in (None, done.taken.record.reason):
        outputs.remark(f"the recorded reason stands: {done.taken.record.reason}")
    return PASSED


def _ask_before_the_end() -> None:
    """
    Have a person confirm that a test set is to end.

    Raises:
        Misuse: If nobody is there to answer.
        click.Abort: If the answer is no.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise Misuse(
            "retiring a test set cannot be taken back, and nobody is there to answer; say --yes",
            hint="Nothing was recorded.",
        )
    click.confirm("This cannot be taken back. Retire the test set?", abort=True)


def _retirement_lines(done: Retirement) -> list[str]:
    entry, record = done.taken.entry, done.taken.record
    before = " before; its files are opened again" if done.completed else ""
    lines = [f"test set {record.testset[:12]} is retired, entry {entry.number} of the ledger{before}"]
    lines += [f"  entry {number}: {outcome}" for number, outcome in (record.outcomes or {}).items()]
    for opening in done.files:
        how = "opened as" if opening.was_sealed else "lie, as before, in"
        lines.append(f"The {opening.what} {how} {opening.path}.")
    return [
        *lines,
        "Developers may have them now, as a validation set; `proctor testset renew` registers the next set.",
    ]


@testset.command(
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
@click.option("--reliability", type=float, metavar="P", help="Give it a budget of its own, of this reliability.")
@click.option("--project-reliability", type=float, metavar="P", help="Reliability of all test sets together.")
@click.option(
    "--another-set", metavar="REASON", help="Why this is not the registered set that it looks like; on record."
)
@as_json_option
def renew(
    file: str,
    predecessor: str | None,
    baseline: Path | None,
    reliability: float | None,
    project_reliability: float | None,
    another_set: str | None,
    as_json: bool,
) -> int:
    """
    Register the test set that the gate file names now as the successor of the last one.

    It starts with all that the last one has left, so that the project has one reliability for ever; the last one is
    closed by that. With --reliability it gets a budget of its own, and their error probabilities sum.

    It must share no example with any set in the books, and none of them may be it in another form. Where nothing can
    tell (ids that are row numbers, other features), the owner says so with --another-set.

    The accepted model is measured on it and becomes its baseline: it is run again, or its predictions are given with
    --baseline.
    """
    from proctor.custody.succession import Wish

    wish = Wish(
        follows=True,
        predecessor=predecessor,
        baseline=baseline,
        project_reliability=project_reliability,
        another=another_set,
        own_reliability=reliability,
    )
    return _register(file, wish, as_json)


@testset.command(
    short_help="Register the first test set before its first check.",
    epilog="""\b
Examples:
  proctor testset register
  proctor testset register --baseline old.csv --project-reliability 0.99
""",
)
@gate_file
@click.option("--baseline", type=EXISTING, help="Predictions of the present model, which becomes the baseline.")
@click.option("--project-reliability", type=float, metavar="P", help="Reliability of all test sets together.")
@click.option(
    "--another-set", metavar="REASON", help="Why this is not the registered set that it looks like; on record."
)
@as_json_option
def register(
    file: str, baseline: Path | None, project_reliability: float | None, another_set: str | None, as_json: bool
) -> int:
    """
    Register the first test set of a project before its first check.

    With --project-reliability the set with number j may take the share 2^-j of the error probability.
    """
    from proctor.custody.succession import Wish

    wish = Wish(follows=False, baseline=baseline, project_reliability=project_reliability, another=another_set)
    return _register(file, wish, as_json)


def _register(file: str, wish: Any, as_json: bool) -> int:
    from proctor.custody import chronicle
    from proctor.custody.succession import register as enter

    session = session_of(file)
    if session.gate.development is not None:
        from proctor.preflight.informed import refuse_shared

        refuse_shared(session)
    done = enter(session, wish)
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


@testset.command(
    short_help="End an evaluation that has begun and will not end.",
    epilog="""\b
Example:
  proctor testset abort
""",
)
@gate_file
@owner_option
@as_json_option
def abort(file: str, owner_record: Path | None, as_json: bool) -> int:
    """
    End an evaluation on sealed inputs that has begun and will not end.

    It is charged as a fail (in fn-free as a pass): the candidate may have seen the inputs. Where only its machine died,
    running the same check again is better, and free.
    """
    from proctor.custody.abandonment import abort as end

    done = end(session_of(file, owner_record))
    pending, outcome, entry = done.record.pending, done.record.outcome, done.entry.number
    said = f"entry {pending} is ended as {outcome.upper()}, in entry {entry}; it was charged"
    print_found({"pending": pending, "outcome": outcome, "entry": entry}, as_json, lambda: [said])
    return PASSED


@testset.command(
    short_help="Read every outcome, withheld ones too.",
    epilog="""\b
Examples:
  PROCTOR_KEY=... proctor testset outcomes
  proctor testset outcomes --json
""",
)
@gate_file
@owner_option
@as_json_option
def outcomes(file: str, owner_record: Path | None, as_json: bool) -> int:
    """
    Read every outcome, with the owner's key or record.

    Private: whoever reads withheld outcomes must have no say in candidates, conditions, order or retirement.
    Exit code 5 if one could not be opened.
    """
    from proctor.custody.outcomes import open_outcomes

    session = session_of(file, owner_record)
    opened = open_outcomes(session, session.life(session.books()))
    print_found([_outcome_json(each) for each in opened], as_json, lambda: _outcome_lines(opened))
    return UNUSABLE if any(each.problem for each in opened) else PASSED


def _outcome_json(each: Opened) -> dict[str, Any]:
    record = each.taken.record
    return {
        "entry": each.taken.entry.number,
        "step": each.step,
        "at": each.taken.entry.at,
        "condition": record.condition,
        "candidate": record.candidate.source,
        "commit": record.candidate.commit,
        "outcome": each.outcome,
        "private": each.figures,
        "problem": each.problem,
    }


def _outcome_lines(opened: tuple[Opened, ...]) -> list[str]:
    lines = ["entry  step  outcome  candidate"]
    for each in opened:
        record = each.taken.record
        source = printable(record.candidate.source)
        outcome = each.outcome or "?"
        lines.append(f"{each.taken.entry.number:>5}  {each.step:>4}  {outcome:<7}  {source}  {record.condition}")
        lines += [f"             {each.problem}"] if each.problem else []
    return lines if opened else ["no evaluation so far"]


@testset.command(
    short_help="Tell people that a fresh test set is needed.",
    epilog="""\b
Examples:
  proctor testset notify
  proctor testset notify --print
""",
)
@gate_file
@click.option("--print", "only_print", is_flag=True, help="Print the text, for an issue or a mail, and send nothing.")
@click.option("--again", is_flag=True, help="Send those again of which it is not known whether they arrived.")
@owner_option
@as_json_option
def notify(file: str, only_print: bool, again: bool, owner_record: Path | None, as_json: bool) -> int:
    """
    Tell those whom the gate file names that a fresh test set is needed.

    Each notice is sent once; one that failed is sent by the next run, one that may have arrived is not. Mail goes
    through the server named by PROCTOR_SMTP_HOST (and _PORT, _SECURITY, _USER, _PASSWORD, _FROM). Exit code 5 if
    something could not be sent.
    """
    from proctor.custody import delivery, notices

    session = session_of(file, owner_record, only_reads=only_print)
    if only_print:
        books = session.books()
        notice = notices.end_of(session.gate, books, session.life(books))
        if notice is None:
            raise Misuse("no fresh test set is needed; there is nothing to tell")
        text = notice.text.rstrip("\n")
        print_found({"subject": notice.subject, "text": text}, as_json, lambda: [notice.subject, "", text])
        return PASSED
    results = delivery.send_due(session, again=again)
    said = [_delivery_line(result) for result in results] or ["nothing is due"]
    print_found([_delivery_json(result) for result in results], as_json, lambda: said)
    return UNUSABLE if any(isinstance(each, delivery.Failed | delivery.Doubtful) for each in results) else PASSED


def _delivery_json(result: Result) -> dict[str, Any]:
    from proctor.custody.delivery import Doubtful, Failed, Sent, SentBefore

    states = {Sent: "sent", SentBefore: "sent before", Failed: "failed", Doubtful: "doubtful"}
    return {
        "state": states[type(result)],
        "occasion": result.notice.occasion,
        "medium": result.channel.medium,
        "at": getattr(result, "at", None),
        "reason": getattr(result, "reason", None),
    }


def _delivery_line(result: Result) -> str:
    from proctor.custody.delivery import Doubtful, Failed, Sent, SentBefore

    what = f"{result.notice.occasion} ({result.channel.medium})"
    match result:
        case Sent():
            return f"sent      {what}"
        case SentBefore(at=at):
            return f"sent      {what} at {at}; not again"
        case Failed(reason=reason):
            return f"failed    {what}: {reason}; the next run tries again"
        case Doubtful(reason=reason):
            return f"doubtful  {what}: {reason}; it may have arrived, --again sends it once more"
