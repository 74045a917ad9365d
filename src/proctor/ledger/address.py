"""
Place of a ledger, read from the text that people write: once, so that two spellings of a place are one account.

An address opens nothing. Its canonical text tells two places apart, and says nothing secret: how a server is logged
in to is not part of the place.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import ClassVar
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from proctor.errors import DomainError, Misuse
from proctor.frozen import dataclass

PATTERN = (
    r"^([Pp][Oo][Ss][Tt][Gg][Rr][Ee][Ss]([Qq][Ll])?://\S+|[Gg][Ii][Tt]:(\S*[^/\s]/[^/\s]\S*|\S+#\S+)"
    r"|(?![Gg][Ii][Tt]:)(?!.*://).*\S.*)$"
)
"""The three kinds as one regular expression, for a schema; that no password may stand in it is more than that says."""

_BRANCH = re.compile(r"\S*[^/\s]/[^/\s]\S*|\S+#\S+")
_PORT = "5432"
_FORMS = "Write a path, postgresql://HOST/DATABASE or git:REMOTE/BRANCH."


@dataclass(frozen=True)
class FileAddress:
    """An SQLite file; *path* as it was written."""

    path: str
    is_shared: ClassVar[bool] = False  # what lies on the disk of one machine is gone where that forgets everything

    def at(self, root: Path) -> Path:
        """Place of the file, for an address that starts at *root*; `DomainError` if it is no path."""
        try:
            return root / Path(self.path).expanduser()
        except (RuntimeError, ValueError) as error:
            raise DomainError(f"{self.path!r} is not a path for a ledger: {error}") from None

    def canonical(self, root: Path, project: Path | None = None) -> str:
        """The path from *root*; the whole one if it is absolute and lies out of the *project*."""
        return canonical_path(self.path, root, project)


@dataclass(frozen=True)
class ServerAddress:
    """A PostgreSQL database; *url* as it was written, with the scheme in lower case."""

    url: str
    is_shared: ClassVar[bool] = True

    @property
    def has_password(self) -> bool:
        """True if a password stands in it."""
        return bool(urlsplit(self.url).password) or any(name == "password" for name, _ in _query(urlsplit(self.url)))

    def canonical(self, _root: Path, _project: Path | None = None) -> str:
        """Server, database and what else is asked of them; a user is kept only where the database is named by it."""
        parts = urlsplit(self.url)
        login, _, place = parts.netloc.rpartition("@")  # place may be several hosts, which `hostname` does not read
        hosts = ",".join(host.lower().removesuffix(f":{_PORT}") for host in place.split(","))
        user = f"{login.partition(':')[0]}@" if login and not parts.path.strip("/") else ""
        query = urlencode(sorted((k, v) for k, v in _query(parts) if k != "password"))
        return urlunsplit(("postgresql", f"{user}{hosts}", parts.path.rstrip("/"), query, ""))


@dataclass(frozen=True)
class BranchAddress:
    """A branch of a git repository; *location* is what follows ``git:``, as it was written."""

    location: str
    is_shared: ClassVar[bool] = True

    @property
    def names_branch(self) -> bool:
        """True if it has a remote and a branch; which of its words is which, the repository says."""
        return _BRANCH.fullmatch(self.location) is not None

    @property
    def has_password(self) -> bool:
        """True if a password stands in it."""
        return "://" in self.location and bool(urlsplit(self.location).password)

    def canonical(self, _root: Path, _project: Path | None = None) -> str:
        """Remote and branch, with the sign between them that most people write."""
        remote, sign, branch = self.location.rpartition("#")
        return f"git:{remote}/{branch}" if sign and "/" not in remote else f"git:{self.location}"


Address = FileAddress | ServerAddress | BranchAddress


def parse(text: str) -> Address:
    """
    The place that *text* names; upper and lower case of a scheme are the same.

    Raises:
        Misuse: If it names none.

    Example:
        >>> parse("GIT:origin/books").canonical(Path("."))
        'git:origin/books'
    """
    if not text.strip():
        raise Misuse("the ledger's address is empty", hint="Leave `ledger` out for .proctor/ledger.db.")
    scheme, colon, rest = text.partition(":")
    word = scheme.lower()
    if word in ("postgresql", "postgres") and rest.startswith("//"):
        return ServerAddress(f"{word}:{rest}")
    if word == "git" and colon:
        return BranchAddress(rest)
    if "://" in text:
        raise Misuse(f"no ledger can be kept at {word}://", hint=_FORMS)
    return FileAddress(text)


def _query(parts: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(parts.query, keep_blank_values=True)


def canonical_path(path: str, root: Path, project: Path | None = None) -> str:
    """
    The one spelling of a *path* that starts at *root*: from there, unless it is absolute and leads out of the project.

    A relative path stays one, so that every checkout of a project has the same. Links are not followed: a path is
    what people write.

    Example:
        >>> canonical_path("/p/exam/../labels.csv", Path("/p/gates"), Path("/p"))
        '../labels.csv'
    """
    written = os.path.expanduser(path)  # noqa: PTH111  # an unknown user is no fault here
    if not os.path.isabs(written):  # noqa: PTH117
        return Path(os.path.normpath(written)).as_posix()
    top = os.path.abspath(project or root)  # noqa: PTH100  # `resolve` follows links
    whole = os.path.normpath(written)
    is_inside = Path(whole).is_relative_to(top)
    return Path(os.path.relpath(whole, os.path.abspath(root))).as_posix() if is_inside else whole  # noqa: PTH100
