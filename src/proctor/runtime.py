"""
Runtime that the shell hands to the core: clock, environment, randomness, and who is asking from which commit.

Everything that is not a function of files and arguments comes in through `Runtime`, so that tests can hand in
their own and the core stays pure (design.md, rule 1).
"""

from __future__ import annotations

import contextlib
import random
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from proctor import git
from proctor.environment import keys_of, with_keys, without_keys
from proctor.errors import GitFault
from proctor.frozen import dataclass, field

OWN_FOLDER = ".proctor"
"""Where the gate keeps its own, beside the gate file."""
_GIT_TIMEOUT_S = 10


def _now() -> str:
    """The time to the second: a finer one would tell how long things take."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Runtime:
    """
    The world outside.

    Attributes:
        environ: Environment variables, as they may be handed on: a key among them moves to *keys*.
        keys: Variables that carry the owner's key; never handed on, never shown.
        now: Present time, ISO 8601, UTC, to the second.
        clock: Seconds that have passed since some moment; never set back.
        random_bytes: Random bytes fit for secrets.
        jitter: Random number in [0, 1) for waiting times.
        pause: Waits for so many seconds.
        progress: Called with a sentence before each long step.
        remark: Called with a sentence that the user should know and that stops nothing; public.
    """

    environ: Mapping[str, str] = field(default_factory=with_keys)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False, kw_only=True)
    now: Callable[[], str] = _now
    clock: Callable[[], float] = field(default=time.monotonic, kw_only=True)
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    jitter: Callable[[], float] = random.random
    pause: Callable[[float], None] = time.sleep
    progress: Callable[[str], None] = lambda _sentence: None
    remark: Callable[[str], None] = lambda _sentence: None

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", {**keys_of(self.environ), **self.keys})
        object.__setattr__(self, "environ", without_keys(self.environ))


def commit_of(root: Path, environ: Mapping[str, str]) -> str | None:
    """Commit that is being judged: ``PROCTOR_COMMIT``, else the head of the repository that holds *root*."""
    if named := environ.get("PROCTOR_COMMIT", "").strip():
        return named
    with contextlib.suppress(GitFault):
        if (found := git.find(root, environ)) is not None:
            return found.ask("rev-parse", "--verify", "--quiet", "HEAD", timeout_s=_GIT_TIMEOUT_S)
    return None


def keep_out_of_git(folder: Path) -> None:
    """Have git leave *folder* alone if it is there: whoever adds everything adds nothing of what lies in it."""
    with contextlib.suppress(OSError), (folder / ".gitignore").open("x", encoding="utf-8") as file:
        file.write("# What the gate keeps: its books, and what is for the owner of the test set alone.\n*\n")


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Folder in which this user's programs keep what may be deleted at any time; ``None`` if nobody says where."""
    return _own_folder(environ, "XDG_CACHE_HOME", ".cache")


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Folder in which this user's programs keep what should outlast them; ``None`` if nobody says where."""
    return _own_folder(environ, "XDG_STATE_HOME", ".local/state")


def _own_folder(environ: Mapping[str, str], variable: str, below_home: str) -> Path | None:
    places = Path(environ.get(variable, "")), Path(environ.get("HOME", "")) / below_home
    return next((place / "proctor" for place in places if place.is_absolute()), None)


def actor_of(root: Path, environ: Mapping[str, str]) -> str | None:
    """Name of the one who asks: ``PROCTOR_ACTOR``, the actor of the CI run, git's user name, or the login name."""
    for name in ("PROCTOR_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        if environ.get(name):
            return environ[name]
    with contextlib.suppress(GitFault):
        return git.user_name(root, environ) or environ.get("USER") or None
    return environ.get("USER") or None


def is_tracked(file: Path) -> bool:
    """True if *file* is part of a git repository, through whatever links it is reached."""
    there = file.resolve()
    with contextlib.suppress(GitFault):
        found = git.find(there.parent)
        if found is not None:
            # whoever owns the repository: the question is only asked to trust less
            words = ("ls-files", "--error-unmatch", "--", found.name_of(there.name))
            return found.run(*words, settings=("safe.directory=*",), timeout_s=_GIT_TIMEOUT_S).code == 0
    return False
