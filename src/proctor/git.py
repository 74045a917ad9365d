"""
Git: the one place that runs it, and the one that says which repository a folder is of.

What a commit can bring is hostile: plain files that look like a bare repository, attributes, submodules, links. The
configuration of the repository itself, of the user and of the system is the runner's, because no commit can hold
anything named ``.git``. So the repository is found here, by its ``.git``, and git is only ever started beside that;
and whatever in git runs programs is off: hooks, monitors, pagers, filters, outer diffs, ``ext::``, submodules.
Nothing of what a hook's environment says of the hook's repository is handed on, and nothing of the gate's own.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from proctor.errors import GitFault
from proctor.frozen import dataclass, field

TIMEOUT_S = 60.0
"""Limit for one command, unless more is allowed."""

_SETTINGS = (
    "safe.bareRepository=explicit",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.logAllRefUpdates=false",
    "core.quotePath=false",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "commit.gpgSign=false",
    "push.gpgSign=false",
    "push.followTags=false",
    "push.recurseSubmodules=no",
    "push.pushOption=",
    "fetch.recurseSubmodules=no",
    "fetch.prune=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
)

# Of git's own variables, how to reach a remote and where the owner's configuration lies is the runner's to say.
# All others describe the repository of the hook that we may run in, or have git run or write something.
_KEPT = re.compile(
    "GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|EXEC_PATH|(SSL|HTTP|PROXY)_.*|(AUTHOR|COMMITTER)_(NAME|EMAIL)"
    "|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|(KEY|VALUE)_[0-9]+))"
)
_FIXED = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
}
_OWN = "PROCTOR_"


class Answer(NamedTuple):
    """
    Answer of a git command.

    Attributes:
        code: Its exit code; -1 if it did not end in time.
        out: Its output.
        error: Its complaints.
    """

    code: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        """The output as text, without the line end."""
        return self.out.decode(errors="surrogateescape").removesuffix("\n")

    @property
    def reason(self) -> str:
        """The lines of git's complaint that say something, without user names and passwords."""
        lines = [line.strip() for line in self.error.splitlines()]
        telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "ssh:"))] or lines
        return without_user("; ".join(line for line in telling if line)[:500]) or f"exit code {self.code}"

    @property
    def remedy(self) -> str:
        """Remedy that git itself names, where the repository belongs to somebody else; empty elsewhere."""
        lines = (line.strip() for line in self.error.splitlines())
        said = next((line for line in lines if line.startswith("git config ") and "safe.directory" in line), "")
        return said and f"If you trust its owner, run `{said}`."

    def fault(self, command: str) -> GitFault:
        """The error that this answer is, in git's own last words."""
        hint = self.remedy or f"Run `git {command}` by hand to see more."
        return GitFault(f"git {command} failed: {self.reason}", hint=hint)


@dataclass(frozen=True)
class Repository:
    """
    A git repository and one folder of its work tree.

    Attributes:
        top: Top of the work tree, absolute and without links.
        place: The folder, from the top; ``.`` if it is the top.
        environ: Environment of git, already clean.
    """

    top: Path
    place: PurePosixPath
    environ: Mapping[str, str] = field(repr=False)

    def name_of(self, path: str) -> str:
        """
        Name from the top of a *path* that starts at the folder.

        Raises:
            GitFault: If it leads out of the work tree.
        """
        name = posixpath.normpath(self.place / path)
        if name.startswith("/") or name.split("/")[0] == "..":
            raise GitFault(f"{path!r} is not in the repository {str(self.top)!r}", hint="Name a file that is.")
        return name

    def hook(self, name: str) -> Path:
        """Path where git looks for a hook: it knows ``core.hooksPath`` and linked work trees. Nothing is run for it."""
        answer = _run(["git", "rev-parse", "--git-path", f"hooks/{name}"], self.top, self.environ, b"", TIMEOUT_S)
        if answer.code:
            raise answer.fault("rev-parse")
        return self.top / answer.text

    def run(
        self,
        *arguments: str,
        given: bytes = b"",
        extra: Mapping[str, str] | None = None,
        settings: Iterable[str] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> Answer:
        """
        Run one command at the top; the answer may be that it failed.

        Args:
            arguments: The command.
            given: Its standard input.
            extra: More of its environment.
            settings: More of its configuration, ``key=value``.
            timeout_s: Limit, which ends the helpers of git, too.

        Raises:
            GitFault: If git cannot be run.
        """
        words = [part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)]
        environ = {**self.environ, **(extra or {})}
        return _run(
            ["git", "--no-pager", "--literal-pathspecs", *words, *arguments], self.top, environ, given, timeout_s
        )

    def output(self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        """
        Output of a command.

        Raises:
            GitFault: If it fails, in git's own words.
        """
        answer = self.run(*arguments, given=given, extra=extra)
        if answer.code:
            raise answer.fault(arguments[0])
        return answer.out

    def text(self, *arguments: str) -> str:
        """Output of a command as text, without blanks around it; errors as `output`."""
        return self.output(*arguments).decode(errors="surrogateescape").strip()

    def ask(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> str | None:
        """Output of a command as text, without blanks around it; ``None`` if git says no or nothing."""
        answer = self.run(*arguments, timeout_s=timeout_s)
        return answer.text.strip() or None if answer.code == 0 else None

    def idle_filters(self, *spared: str) -> tuple[str, ...]:
        """
        Settings under which no filter runs but the *spared*: what a commit's attributes name is the runner's program.

        Without them a command that compares files or writes them (diff, status, hash-object, checkout) runs filters.
        """
        found = self.run("config", "--null", "--name-only", "--get-regexp", r"^filter\..").out.split(b"\0")
        names = {key.decode(errors="surrogateescape").partition(".")[2].rpartition(".")[0] for key in found if key}
        return tuple(
            f"filter.{name}.{setting}"
            for name in sorted(names.difference(spared))
            for setting in ("clean=", "smudge=", "process=", "required=false")
        )


# --- finding ---------------------------------------------------------------------------------------------------------


def find(folder: Path, environ: Mapping[str, str] | None = None) -> Repository | None:
    """
    The repository whose work tree holds *folder*, in this environment or *environ*; ``None`` if there is none.

    It is the nearest folder upwards, on the same file system, that has a ``.git`` which git itself made. A bare
    repository that lies among the files, as a commit can bring it, is none.

    Raises:
        GitFault: If there is no such folder, or a file ``.git`` leads to what git did not make for it.
    """
    here = _real(folder)
    given = os.environ if environ is None else environ
    crosses = given.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "") in ("1", "true")
    try:
        device = here.stat().st_dev
        for top in (here, *here.parents):
            if top.stat().st_dev != device and not crosses:
                return None
            if _has_repository(top):
                return Repository(top, PurePosixPath(here.relative_to(top)), environment(given))
    except OSError as error:
        raise GitFault(f"git cannot be run in {folder}: {error.strerror}", hint="Check the folder.") from None
    return None


def repository(folder: Path, environ: Mapping[str, str] | None = None) -> Repository:
    """
    The repository as `find` finds it; there must be one that may be read.

    Raises:
        GitFault: If there is none, or git refuses it, in git's own words.
    """
    found = find(folder, environ)
    if found is None:
        raise GitFault(
            f"{str(folder)!r} is in no git repository that may be read", hint="Run the gate inside the repository."
        )
    answer = found.run("rev-parse", "--git-dir")
    if answer.code:
        raise answer.fault("rev-parse")
    return found


def user_name(folder: Path, environ: Mapping[str, str]) -> str | None:
    """
    The name that git knows the user by in *folder*; ``None`` if it knows none.

    Raises:
        GitFault: If git cannot be run.
    """
    found = find(folder, environ)
    if found is not None:
        return found.ask("config", "user.name")
    words = ["git", "config", "--global", "user.name"]
    return _run(words, Path(folder.anchor or "/"), environment(environ), b"", TIMEOUT_S).text.strip() or None


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Part of *environ* for git: nothing of a hook's repository, nothing of the gate's own, least of all a key."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_OWN) and (not name.startswith("GIT_") or _KEPT.fullmatch(name))
    }
    # what a relative path leads to is for a commit to say
    programs = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if Path(folder).is_absolute()]
    return kept | _FIXED | {"PATH": os.pathsep.join(programs)}


def without_user(text: str) -> str:
    """*text* with the user and the password of every address in it left out."""
    return re.sub(r"://[^/@\s]*@", "://***@", text)


def _has_repository(top: Path) -> bool:
    entry = top / ".git"
    if entry.is_dir():
        return _is_git_folder(entry)
    if not entry.is_file():
        return False
    if not _is_linked(entry):
        raise GitFault(
            f"{str(entry)!r} leads to a repository that does not lead back to it",
            hint="If this is a work tree that was moved, run `git worktree repair` in it; else remove the file.",
        )
    return True


def _is_git_folder(path: Path) -> bool:
    common = _common_of(path)
    return os.path.lexists(path / "HEAD") and (common / "objects").is_dir() and (common / "refs").is_dir()


def _is_linked(entry: Path) -> bool:
    """
    True if a file ``.git`` is of git's making: of a linked work tree, a submodule, or a repository kept elsewhere.

    The folder that it names must be one that no commit can hold, and must lead back here where git has it do so.
    """
    folder = _pointed(entry)
    if folder is None or not _is_git_folder(folder) or _can_be_committed(folder):
        return False
    back = _line(folder / "gitdir")
    if back is not None:
        return _real(folder / back) == _real(entry)
    tree = _work_tree(folder)
    if tree is not None:
        return _real(folder / tree) == entry.parent
    return not folder.is_relative_to(entry.parent) and not any(os.path.lexists(up / ".git") for up in entry.parents[1:])


def _pointed(entry: Path) -> Path | None:
    """The folder that a file ``.git`` names."""
    word, _, name = (_line(entry) or "").partition(": ")
    return _real(entry.parent / name) if word == "gitdir" and name else None


def _can_be_committed(folder: Path) -> bool:
    """True if a git folder lies among the files of another repository: nothing in a commit is named ``.git``."""
    if ".git" in folder.parts:
        return False
    common = _common_of(folder)
    around = [up / ".git" for up in common.parents]
    return any(entry.is_dir() or (entry.is_file() and not _leads_to(entry, common)) for entry in around)


def _leads_to(entry: Path, common: Path) -> bool:
    folder = _pointed(entry)
    return folder is not None and _common_of(folder) == common


def _common_of(folder: Path) -> Path:
    """The folder that a linked work tree's shares with the others; of a plain repository, itself."""
    return _real(folder / (_line(folder / "commondir") or "."))


def _work_tree(folder: Path) -> str | None:
    """``core.worktree`` of a git folder, by which a submodule's leads back."""
    words = ["git", "config", "--file", str(folder / "config"), "core.worktree"]
    return _run(words, folder.parent, environment(os.environ), b"", TIMEOUT_S).text.strip() or None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike `resolve`, it takes links that lead in a circle


def _line(file: Path) -> str | None:
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as text:
            return text.read(1 << 16).strip() or None
    except OSError:
        return None


def _run(words: list[str], folder: Path, environ: Mapping[str, str], given: bytes, timeout_s: float) -> Answer:
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # git starts helpers such as ssh, which must not outlive the time limit
        )
    except OSError as error:
        raise GitFault(f"git cannot be run in {folder}: {error.strerror}", hint="Install git 2.30 or later.") from None
    except ValueError as error:  # a NUL in a name
        raise GitFault(f"git cannot be asked that: {error}", hint="Check the names in the gate file.") from None
    with process:
        try:
            out, complaint = process.communicate(given, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            return Answer(-1, b"", f"no answer within {timeout_s:g} seconds")
        except BaseException:
            _end(process)
            raise
    return Answer(process.returncode, out, complaint.decode(errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and the helpers that it started."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
