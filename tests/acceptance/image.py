"""
A Dockerfile carried out without an engine: a stage is a folder, and a step runs in namespaces where that is the root.

The base image is this machine: its ``/usr`` and ``/etc``, and the Python that runs the tests as ``python``.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

BASE = {"PATH": "/base:/usr/local/bin:/usr/bin:/bin"}
LINKS = {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "base/python": f"{sys.base_prefix}/bin/python3"}
MACHINE = tuple(word for path in ("/usr", "/etc", sys.base_prefix) for word in ("--ro-bind", path, path))


class Step(NamedTuple):
    """An instruction and what stands behind it."""

    word: str
    rest: str


def read(dockerfile: Path) -> list[Step]:
    """The steps of a Dockerfile, each on one line, without comments."""
    lines = [line for line in dockerfile.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


@dataclass
class Image:
    """One stage, as far as it has come."""

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(BASE))
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    def at(self, path: str) -> Path:
        """A path of the image, on this machine."""
        return self.root / str(Path(self.folder, path)).lstrip("/")

    def run(self, *words: str, mounts: dict[Path, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in the image, as its user; *mounts* are folders of this machine, by their places in there."""
        binds = [word for here, there in (mounts or {}).items() for word in ("--bind", str(here), there)]
        environ = {**{name: os.environ[name] for name in os.environ if name.startswith("PIP_")}, **self.environ}
        settings = [word for pair in environ.items() for word in ("--setenv", *pair)]
        uid, _, gid = self.user.partition(":")
        becoming = ("setpriv", "--reuid", uid, "--regid", gid, "--clear-groups") if uid and os.geteuid() == 0 else ()
        return subprocess.run(
            ["bwrap", "--die-with-parent", "--cap-add", "ALL", "--clearenv", *settings, "--bind", str(self.root), "/",
             *MACHINE, "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp", *binds,
             "--chdir", self.folder, *becoming, *words],
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip

    def start(self, *words: str, mounts: dict[Path, str]) -> subprocess.CompletedProcess[str]:
        """Do as `docker run` does: the entry point with *words*, or with what the image names."""
        return self.run(*self.entrypoint, *(words or self.command), mounts=mounts)


def build(dockerfile: Path, context: Path, folder: Path) -> Image:
    """Carry out every step of *dockerfile*; the last stage."""
    stages: dict[str, Image] = {}
    steps = read(dockerfile)
    while steps[0].word == "ARG":  # the base image: this machine
        steps.pop(0)
    for word, rest in steps:
        if word == "FROM":
            name = rest.partition(" AS ")[2] or "last"
            image = stages[name] = Image(folder / name)
            image.at(sys.base_prefix).mkdir(parents=True)  # else made by bwrap, and closed to the image's user
            for link, target in LINKS.items():
                (image.root / link).parent.mkdir(parents=True, exist_ok=True)
                (image.root / link).symlink_to(target)
        elif word == "COPY":
            copy(image, rest.split(), stages, context)
        else:
            carry_out(image, word, rest)
    return image


def carry_out(image: Image, word: str, rest: str) -> None:
    """Carry out a step that concerns this stage alone."""
    match word:
        case "ARG":
            image.arguments.update([rest.split("=", 1)])
        case "ENV":
            pairs = (pair.split("=", 1) for pair in shlex.split(rest))
            image.environ.update({name: value.replace("$PATH", image.environ["PATH"]) for name, value in pairs})
        case "WORKDIR":
            image.folder = rest
            image.at("").mkdir(parents=True, exist_ok=True)
        case "RUN":
            done = image.run("env", *(f"{name}={value}" for name, value in image.arguments.items()), "sh", "-c", rest)
            assert 0 == done.returncode, f"{rest}\n{done.stdout}{done.stderr}"
        case "USER":
            image.user = rest
        case "ENTRYPOINT":
            image.entrypoint = tuple(json.loads(rest))
        case "CMD":
            image.command = tuple(json.loads(rest))
        case "LABEL":
            pass
        case _:
            raise NotImplementedError(word)


def copy(image: Image, words: list[str], stages: dict[str, Image], context: Path) -> None:
    """Copy files into a stage, from the context or from another stage."""
    stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
    *sources, target = words
    for source in sources:
        origin = stages[stage].at(source) if stage else context / source
        into = image.at(target) / origin.name if target.endswith("/") else image.at(target)
        into.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, into, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(origin, into)
