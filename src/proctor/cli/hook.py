"""
`proctor hook`: the preflight at every `git push`, for people without pre-commit.

The hook is a shell script of a few lines that calls `proctor hook run`; what git tells it is read here. It is advice,
as every hook is: `git push --no-verify` goes around it, and the gate in CI does not depend on it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from proctor import git
from proctor.cli.preflight import as_text, development_options, inspected
from proctor.errors import FRESH_TEST_SET, MISUSE, PASSED, GitFault, Misuse, ProctorError, Unusable
from proctor.writing import write_whole

_MARK = "# Made by `proctor hook install`; `proctor hook uninstall` removes it."
_IF_THERE = "--if-there"
_SCRIPT = """\
#!/bin/sh
{mark}
python={python}
if [ -x "$python" ]; then
  exec "$python" -m proctor hook run {options} "$@"
fi
if command -v proctor >/dev/null 2>&1; then
  exec proctor hook run {options} "$@"
fi
echo "proctor is not installed any more; 'git push --no-verify' pushes without its preflight" >&2
exit 1
"""


@click.group()
def hook() -> None:
    """
    Run the preflight at every `git push`.

    \b
    Examples:
      proctor hook install      in this repository
      proctor hook run          what git calls then
      proctor hook uninstall
    """


@hook.command(
    epilog="""\b
Examples:
  proctor hook install                           for the gate file in this folder
  proctor hook install gates/spam.yml gates/ham.yml
  proctor hook install --development dev.csv --development-labels dev-labels.csv
                                                 and say how likely a pass is
With pre-commit, use the hook `proctor` of this repository instead.
"""
)
@click.argument("gates", nargs=-1, type=click.Path())
@development_options
def install(gates: tuple[str, ...], **development: Path | None) -> None:
    """
    Install a pre-push hook in this repository.

    It goes where git looks for hooks (`core.hooksPath`, linked work trees), and never in place of somebody else's.
    """
    repository = _repository()
    path = repository.hook("pre-push")
    for gate in gates:  # the hook passes over those that are not there, as branches without one are pushed too
        if not _is_there(gate):
            raise Misuse(f"there is no gate file {gate!r}", hint="`proctor init` writes one. Nothing was installed.")
    content = _read(path)
    if content is not None and _MARK not in content:
        raise Misuse(
            f"there is a pre-push hook already: {path}",
            hint='Add this line to it: proctor hook run "$@"  (git\'s lines on its standard input go to it too).',
        )
    named = [("gate", gate) for gate in gates or (".",)]
    named += [(name.replace("_", "-"), str(file)) for name, file in development.items() if file is not None]
    top = repository.top.resolve()  # where git starts the hook
    options = [word for name, file in named for word in (f"--{name}", os.path.relpath(Path(file).resolve(), top))]
    options.append(_IF_THERE)
    script = _SCRIPT.format(mark=_MARK, python=shlex.quote(sys.executable), options=shlex.join(options))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, script.encode(), 0o755)
    except OSError as error:
        raise Unusable(f"the hook {path} cannot be written: {error.strerror}") from None
    click.echo(f"installed {path}")


def _is_there(gate: str) -> bool:
    from proctor.gatefile import file_of

    return file_of(Path(gate)).exists()


@hook.command(
    epilog="""\b
Example:
  proctor hook uninstall
""",
)
def uninstall() -> None:
    """Remove the hook that `install` made; somebody else's stays."""
    path = _repository().hook("pre-push")
    content = _read(path)
    if content is None:
        click.echo("there is no pre-push hook")
        return
    if _MARK not in content:
        raise Misuse(f"the pre-push hook {path} is not proctor's", hint="Take proctor's line out of it by hand.")
    path.unlink()
    click.echo(f"removed {path}")


@hook.command(
    epilog="""\b
Example, by hand, as if everything were pushed:
  proctor hook run --gate gates/spam.yml
""",
)
@click.option("--gate", "gates", multiple=True, type=click.Path(), help="Gate file; may be given several times.")
@click.option(_IF_THERE, is_flag=True, help="Pass over gate files that are not there, as `install` has it.")
@development_options
@click.argument("remote", nargs=-1)
def run(gates: tuple[str, ...], if_there: bool, remote: tuple[str, ...], **development: Path | None) -> int:
    """
    Be the pre-push hook: called by git or by pre-commit.

    What could not be judged as it stands stops the push. A test set that is used up only warns, because no push can
    mend that. Deletions are let through, and so are branches without a gate file, unless `--gate` names it.
    """
    pushed = _pushed(os.environ, sys.stdin)
    if pushed is not None and not pushed:
        return PASSED
    # Git's own variables point into the repository that is pushed; git commands elsewhere must not follow them.
    for name in os.environ.keys() - git.environment(os.environ).keys():
        if name.startswith("GIT_"):
            del os.environ[name]
    _remark_on_work_tree(pushed)
    absent = [gate for gate in gates or (".",) if not _is_there(gate)]
    for gate in absent:
        click.echo(f"proctor: there is no gate file {gate!r} here; nothing to look at", err=True)
    codes = [MISUSE] if absent and gates and not if_there else []
    codes += [_preflight(gate, development) for gate in gates or (".",) if gate not in absent]
    stopping = [code for code in codes if code not in (PASSED, FRESH_TEST_SET)]
    if stopping:
        click.echo("proctor: the push was stopped; `git push --no-verify` pushes anyway", err=True)
    return stopping[0] if stopping else PASSED


def pushed_commits(lines: Iterable[str]) -> tuple[str, ...]:
    """
    Commits that branches and tags will point to once git has pushed them, without deletions (githooks(5), pre-push).

    On the first push of a branch the remote's object is all zeros, on a force push it is no ancestor: both are pushes
    like any other. On a deletion the local object is all zeros: nothing is there to look at.

    >>> pushed_commits(["refs/heads/main 1f2e refs/heads/main 0000", "(delete) 0000 refs/heads/old 1f2e"])
    ('1f2e',)
    """
    rows = (line.split() for line in lines)
    return tuple(words[1] for words in rows if len(words) == 4 and words[1].strip("0"))


def _pushed(environ: Mapping[str, str], stdin: Iterable[str]) -> tuple[str, ...] | None:
    """
    The commits that are pushed; ``None`` if nobody says.

    Pre-commit reads git's lines itself, calls no hook for deletions, and hands on an empty input with variables.
    """
    if environ.get("PRE_COMMIT"):
        commit = environ.get("PRE_COMMIT_TO_REF", "")
        return (commit,) if commit else None
    if sys.stdin.isatty():
        return None
    return pushed_commits(stdin)


def _remark_on_work_tree(pushed: tuple[str, ...] | None) -> None:
    """The preflight looks at the work tree; say so where something else is pushed."""
    with contextlib.suppress(GitFault):
        found = git.find(Path.cwd())
        if found is None:
            return
        head = found.ask("rev-parse", "--verify", "--quiet", "HEAD")
        tips = {
            found.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
            for commit in pushed or ()
        }
        changes = found.run("status", "--porcelain", "--untracked-files=no", settings=found.idle_filters("lfs"))
        if pushed and head not in tips:
            click.echo("proctor: the pushed commit is not checked out; the preflight looks at the work tree", err=True)
        elif changes.text:
            click.echo(
                "proctor: there are changes that are not committed; the preflight looks at the work tree", err=True
            )


def _preflight(gate: str, development: Mapping[str, Path | None]) -> int:
    """The preflight of one gate, told on standard error: git passes a hook's output on."""
    try:
        found = inspected(gate, development)
    except ProctorError as error:
        click.echo(f"proctor: {error}", err=True)
        return error.exit_code
    click.echo(as_text(found), err=True)
    return found.exit_code


# --- git -------------------------------------------------------------------------------------------------------------


def _repository() -> git.Repository:
    """The repository that is pushed."""
    try:
        return git.repository(Path.cwd())
    except GitFault as error:
        raise Misuse(
            f"this is not a git work tree: {error.message}",
            hint=f"Run the command inside the repository that is pushed. {error.hint}",
        ) from None


def _read(path: Path) -> str | None:
    """Content of a hook; ``None`` if there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unusable(f"the hook {path} cannot be read: {error.strerror}") from None
