"""`proctor testset notify`: tell people that a fresh test set is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proctor.cli.owners import as_json_option, gate_file, owner_option, session_of
from proctor.cli.printing import print_found
from proctor.errors import PASSED, UNUSABLE, Misuse

if TYPE_CHECKING:
    from proctor.custody.delivery import Result


@click.command(
    short_help="Tell people that a fresh test set is needed.",
    epilog="""\b
Examples:
  proctor testset notify
  proctor testset notify --print
""",
)
@gate_file
@click.option("--print", "only_print", is_flag=True, help="Print the text, for an issue or a mail, and send nothing.")
@click.option("--again", is_flag=True, help="Send again those that may not have arrived.")
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
