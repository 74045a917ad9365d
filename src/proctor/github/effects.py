"""
Effects on GitHub, as values, and the one function that applies them.

Everything that decides makes effects; only `apply` acts. A deed that the token may not do is not an error of the
gate: it is told in the job summary, and the verdict stands.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, assert_never

from proctor.errors import DomainError
from proctor.frozen import dataclass
from proctor.reports import comment

if TYPE_CHECKING:
    from proctor.github.client import Client

LONGEST_SUMMARY = 1024 * 1024
"""GitHub throws a step's summary away if it has more bytes than this."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

State = Literal["success", "failure", "error", "pending"]
Conclusion = Literal["success", "failure", "neutral", "action_required"]
Level = Literal["error", "warning", "notice"]


@dataclass(frozen=True)
class Comment:
    """The one comment of a gate on a pull request: written, or updated in place."""

    noun: ClassVar[str] = "comment"
    gate: str
    number: int
    body: str


@dataclass(frozen=True)
class Rewrite:
    """The one comment of a gate on a pull request, rewritten if it is there; none is written if it is not."""

    noun: ClassVar[str] = "comment"
    gate: str
    number: int
    body: str


@dataclass(frozen=True)
class Status:
    """A commit's status."""

    noun: ClassVar[str] = "commit status"
    sha: str
    state: State
    context: str
    description: str
    url: str = ""


@dataclass(frozen=True)
class Annotation:
    """A remark on a line of a file."""

    level: Level
    title: str
    message: str
    file: str = ""
    line: int = 1


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """A completed check run."""

    noun: ClassVar[str] = "check run"
    sha: str
    name: str
    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True)
class OpenIssue:
    """One open issue whose body starts with *marker*: opened, or updated in place."""

    noun: ClassVar[str] = "issue"
    marker: str
    title: str
    body: str


@dataclass(frozen=True)
class CloseIssues:
    """The issues whose bodies start with one of *markers* are closed, as far as they are open."""

    noun: ClassVar[str] = "issue"
    markers: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """Markdown for the job's summary."""

    markdown: str


@dataclass(frozen=True)
class Output:
    """An output of the step."""

    name: str
    value: str


Deed = Comment | Rewrite | Status | CheckRun | OpenIssue | CloseIssues
"""Something that is done on GitHub, and takes a token."""
Effect = Deed | Annotation | Summary | Output


class Outlets(NamedTuple):
    """
    Places that effects go to; the summary tells what would have gone to one that is ``None``.

    Attributes:
        client: GitHub.
        summary: File GITHUB_STEP_SUMMARY.
        output: File GITHUB_OUTPUT.
        write: Prints one line to the job's log, where the runner finds workflow commands.
        delimiter: Makes an unguessable word.
    """

    client: Client | None
    summary: Path | None
    output: Path | None
    write: Callable[[str], None]
    delimiter: Callable[[], str] = lambda: f"proctor_{secrets.token_hex(16)}"


def apply(effects: Iterable[Effect], outlets: Outlets) -> tuple[str, ...]:
    """
    Apply all effects; the summary comes last, with whatever could not be done.

    Returns:
        What could not be done, each a sentence with its advice.
    """
    failures: list[str] = []
    summaries: list[str] = []
    for effect in effects:
        match effect:
            case Summary(markdown):
                summaries.append(markdown)
            case Output():
                _append(outlets.output, output_lines(effect, outlets.delimiter()))
            case Annotation():
                outlets.write(command(effect))
            case Comment() | Rewrite() | Status() | CheckRun() | OpenIssue() | CloseIssues():
                failures += _try(effect, outlets.client)
            case _:
                assert_never(effect)
    _summarize(summaries, failures, outlets)
    return tuple(failures)


# --- on GitHub -------------------------------------------------------------------------------------------------------


def _try(effect: Deed, client: Client | None) -> list[str]:
    from proctor.github.client import GitHubError

    if client is None:
        return [f"The {effect.noun} was not written: the job has no token."]
    try:
        _post(effect, client)
    except GitHubError as error:
        return [f"The {effect.noun} was not written: {error.message}. {error.hint}".strip()]
    return []


def _post(effect: Deed, client: Client) -> None:
    match effect:
        case Comment():
            _make_once(lambda: _rewrite(effect, client), lambda: client.create_comment(effect.number, effect.body))
        case Rewrite():
            _rewrite(effect, client)
        case Status():
            client.set_status(effect.sha, effect.state, effect.context, effect.description, effect.url)
        case CheckRun():
            client.create_check_run(effect.sha, effect.name, effect.conclusion, _check_output(effect))
        case OpenIssue():
            body = f"{effect.marker}\n{effect.body}"
            _make_once(lambda: _update_issue(effect, body, client), lambda: client.open_issue(effect.title, body))
        case CloseIssues(markers):
            for number in client.own_issues(lambda body: any(_starts_with(body, marker) for marker in markers)):
                client.close_issue(number)
        case _:
            assert_never(effect)


def _rewrite(effect: Comment | Rewrite, client: Client) -> bool:
    """Update the comment in place; false if it is not there."""
    found = client.own_comment(effect.number, lambda body: comment.carries(body, effect.gate))
    if found is not None and found.body != effect.body:
        client.update_comment(found.id, effect.body)
    return found is not None


def _update_issue(effect: OpenIssue, body: str, client: Client) -> bool:
    """Update the oldest issue in place; false if none is open."""
    numbers = client.own_issues(lambda text: _starts_with(text, effect.marker))
    if numbers:
        client.update_issue(numbers[0], body)
    return bool(numbers)


def _make_once(update: Callable[[], bool], make: Callable[[], object]) -> None:
    """Make what there is not to update, once, however often the answer to the first try gets lost."""
    from proctor.github.client import Unreachable

    for is_last in (False, True):
        if update():
            return
        try:
            make()
        except Unreachable:
            if is_last:
                raise
        else:
            return


def _starts_with(body: str, marker: str) -> bool:
    return body.replace("\r\n", "\n").split("\n", 1)[0].rstrip() == marker


def _check_output(effect: CheckRun) -> dict[str, object]:
    levels = {"error": "failure", "warning": "warning", "notice": "notice"}
    annotations = [
        {
            "path": note.file,
            "start_line": note.line,
            "end_line": note.line,
            "annotation_level": levels[note.level],
            "title": note.title[:255],
            "message": note.message[:60_000],
        }
        for note in effect.annotations[:50]
        if note.file
    ]
    return {"title": effect.title[:255], "summary": effect.summary[:65_535], "annotations": annotations}


# --- in the job ------------------------------------------------------------------------------------------------------


def command(annotation: Annotation) -> str:
    r"""
    The workflow command for *annotation*, on one line whatever it says.

    >>> command(Annotation("error", "a,b", "100%\n::x", "proctor.yml", 3))
    '::error file=proctor.yml,line=3,title=a%2Cb::100%25%0A::x'
    """
    properties = [f"file={_property(annotation.file)}", f"line={annotation.line}"] if annotation.file else []
    properties.append(f"title={_property(annotation.title)}")
    return f"::{annotation.level} {','.join(properties)}::{_data(annotation.message)}"


def output_lines(output: Output, delimiter: str) -> str:
    """The lines for GITHUB_OUTPUT; no value can end early, because it cannot know the *delimiter*."""
    if not _NAME.fullmatch(output.name) or delimiter in output.value:
        raise DomainError(f"{output.name!r} cannot be an output")
    return f"{output.name}<<{delimiter}\n{output.value}\n{delimiter}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _summarize(summaries: list[str], failures: list[str], outlets: Outlets) -> None:
    told = [f"> [!NOTE]\n> {comment.sentence(failure)}" for failure in failures]
    parts = [*summaries, *told]
    if not parts:
        return
    if outlets.summary is None:
        for failure in failures:
            outlets.write(command(Annotation("warning", "proctor", failure)))
        return
    used = outlets.summary.stat().st_size if outlets.summary.exists() else 0
    _append(outlets.summary, _cut("\n\n".join(parts) + "\n", LONGEST_SUMMARY - used - 1))


def _cut(text: str, most_bytes: int) -> str:
    content = text.encode(errors="replace")
    said = "\n\n… (cut here: a summary holds 1 MiB)\n".encode()
    if len(content) <= most_bytes:
        return content.decode()
    return (
        (content[: max(0, most_bytes - len(said))].decode(errors="ignore") + said.decode()) if most_bytes > 99 else ""
    )


def _append(file: Path | None, text: str) -> None:
    if file is not None:
        with file.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
