"""
Interpreters and what they need: virtual environments, their base installations, runtimes named by variables.

They belong to the machine that judges, not to what was submitted, and the digest of a model does not cover them. So
none is taken for one that a commit brings: its program would change under a recorded answer, and its ``pyvenv.cfg``
would open any folder of the machine. A model that names a program of its own environment must still find that
environment in the sandbox, wherever it lies.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from proctor import git
from proctor.errors import GitFault

_RUNTIMES = ("VIRTUAL_ENV", "CONDA_PREFIX", "JAVA_HOME", "R_HOME")
_SEARCHED = ("LD_LIBRARY_PATH", "R_LIBS", "R_LIBS_USER")
_PARTS_OF_AN_INSTALLATION = ("bin", "lib", "lib64", "libexec", "include", "share", "conf", "etc", "ssl", "jre")
_SYSTEM = frozenset(
    Path("/", name) for name in ("", "usr", "usr/local", "opt", "home", "root", "etc", "var", "tmp", "srv", "mnt")
)


def environment_of(program: Path) -> Path | None:
    """
    The virtual or conda environment that *program* lies in; ``None`` if it lies in none, or in one that is committed.

    Args:
        program: Absolute path, its links not followed: the link in a virtual environment is what tells.
    """
    folder = program.parent.parent
    is_one = (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()
    return folder if is_one and not _is_tracked(folder) else None


def _is_tracked(folder: Path) -> bool:
    """True if anything in *folder* is part of a git repository, or nothing can tell."""
    with contextlib.suppress(GitFault):
        found = git.find(folder)
        if found is None:
            return False
        answer = found.run("ls-files", "-z", "--", found.name_of("."), settings=("safe.directory=*",))
        return answer.code != 0 or bool(answer.out)
    return True


def of_program(program: Path, secrets: Iterable[Path]) -> tuple[Path, ...]:
    """
    Paths that *program* needs to be readable: its environment, and the installations behind it.

    The program is an absolute path, its links not followed. No folder is given that holds one of the *secrets*.
    """
    found = []
    if (environment := environment_of(program)) is not None:
        found += [environment, *_bases(environment / "pyvenv.cfg")]
    for name in (program, Path(os.path.realpath(program))):
        # any folder may look like that, such as another project: no more is opened than an installation has
        if name.parent.name == "bin" and (name.parent.parent / "lib").is_dir():
            found += _parts_of(name.parent.parent)
    return _narrowed(found, secrets)


def of_package(secrets: Iterable[Path]) -> tuple[Path, ...]:
    """Folder that this package is imported from, which for an editable installation lies in no environment."""
    return _narrowed([Path(__file__).parents[2]], secrets)


def of_variables(environ: Mapping[str, str], secrets: Iterable[Path]) -> tuple[Path, ...]:
    """Paths in the variables that are handed on to a model: runtimes, and folders that are searched for libraries."""
    named = [environ.get(name, "") for name in _RUNTIMES]
    named += [part for name in _SEARCHED for part in environ.get(name, "").split(os.pathsep)]
    folders = [Path(name) for name in named if Path(name).is_absolute() and Path(name).is_dir()]
    bases = [base for folder in folders if not _is_tracked(folder) for base in _bases(folder / "pyvenv.cfg")]
    return _narrowed([*folders, *bases], secrets)


def _bases(configuration: Path) -> list[Path]:
    """The installation that a virtual environment was made from, as its configuration names it and where that leads."""
    try:
        lines = configuration.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    said = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    home = said.get("home", "")
    if not Path(home).is_absolute():
        return []
    return [Path(home).parent, Path(os.path.realpath(home)).parent]


def _narrowed(folders: Iterable[Path], secrets: Iterable[Path]) -> tuple[Path, ...]:
    """Only what is an installation's own of folders that hold more than one, or something that must stay unseen."""
    closed = [Path(os.path.realpath(secret)) for secret in (*secrets, Path.home())]
    found: list[Path] = []
    for folder in folders:
        parts = [folder]
        if _holds(folder, closed):
            parts = _parts_of(folder)
        found += [part for part in parts if part.is_dir() and not _holds(part, closed)]
    return tuple(dict.fromkeys(name for path in found for name in (path, Path(os.path.realpath(path)))))


def _parts_of(folder: Path) -> list[Path]:
    return [folder / name for name in _PARTS_OF_AN_INSTALLATION if (folder / name).is_dir()]


def is_shared(folder: Path) -> bool:
    """True for a folder in which a system keeps more than one installation, or other people's things."""
    real = Path(os.path.realpath(folder))
    return real in _SYSTEM or real.parent == Path("/home")


def _holds(folder: Path, secrets: Iterable[Path]) -> bool:
    real = Path(os.path.realpath(folder))
    return is_shared(real) or any(secret.is_relative_to(real) for secret in secrets)
