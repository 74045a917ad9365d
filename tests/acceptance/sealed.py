"""A project whose test set is sealed, with tokens in it that must not turn up anywhere; not a test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import Ran, here

from proctor.models import sandbox

N_EXAMPLES = 400
# Of this process alone: tests that run at the same time share /tmp and /dev/shm.
LABEL_TOKENS = tuple(f"verdigris{os.getpid()}x{i}" for i in range(4))
SECRET_LABEL = f"quicksilver{os.getpid()}"  # a label that no program of ours knows
INPUT_TOKEN = f"saffronfield{os.getpid()}"

# The answer is a function of x, except on the first `wrong` rows; `before` is put in front of everything.
HONEST = """\
import csv, sys
{before}
rows = list(csv.DictReader(open(sys.argv[1])))
names = {names}
with open(sys.argv[2], "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "prediction"])
    for i, row in enumerate(rows):
        x = int(row["x"])
        writer.writerow([row["id"], names[(x + (i < {wrong})) % 4]])
"""


def program(wrong: int = 0, before: str = "") -> str:
    """A candidate that is wrong on so many rows."""
    return HONEST.format(wrong=wrong, before=before, names=LABEL_TOKENS)


@dataclass
class Project:
    """
    A folder with a sealed exam, a candidate in Python and a gate file.

    Command lines are run in this process, or by another *way*: ``command_line.alone``, in processes of their own, where
    memory, environment or temporary files of a process are looked at.
    """

    root: Path
    inputs: str = "sealed"
    key: str = ""
    said: list[str] = field(default_factory=list)
    first_x: int = 0
    way: Callable[..., Ran] = here

    @property
    def temporary(self) -> Path:
        """Where its processes put temporary files."""
        folder = self.root.parent / f"{self.root.name}-tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def testset(self) -> Project:
        """Write the exam, seal it with the command, and delete what lay open."""
        folder = self.root / "exam"
        folder.mkdir(parents=True)
        xs = range(self.first_x, self.first_x + N_EXAMPLES)
        (folder / "features.csv").write_text(
            "id,x,text\n" + "".join(f"e{i},{x},{INPUT_TOKEN} {x * 7919}\n" for i, x in enumerate(xs))
        )
        (folder / "labels.csv").write_text(
            "id,label\n"
            + "".join(f"e{i},{SECRET_LABEL if x % 40 == 0 else LABEL_TOKENS[x % 4]}\n" for i, x in enumerate(xs))
        )
        self.seal()
        return self

    def seal(self) -> None:
        """Seal what lies open, and delete it."""
        folder = self.root / "exam"
        sealing = ["exam/labels.csv", *(["--features", "exam/features.csv"] if self.inputs == "sealed" else [])]
        sealed = self.proctor("testset", "seal", *sealing, code=0)
        if not self.key:
            self.key = next(word for word in sealed.out.split() if word.startswith("proctor-key-1-"))
        (folder / "labels.csv").unlink()
        if self.inputs == "sealed":
            (folder / "features.csv").unlink()

    def gate(self, **overrides: Any) -> Project:
        """Write proctor.yml; keys given as ``None`` are left out. Skips where no sandbox can keep sealed inputs."""
        if self.inputs == "sealed" and sandbox.strongest() is None:
            pytest.skip("sealed inputs need a sandbox, and neither bubblewrap nor Landlock works here")
        features = "exam/features.csv.sealed" if self.inputs == "sealed" else "exam/features.csv"
        content: dict[str, Any] = {
            "condition": "n > 0.7 +/- 0.1",
            "reliability": 0.99,
            "power": 0.5,
            "first": "judge",
            "testset": {"labels": "exam/labels.csv.sealed", "features": features, "inputs": self.inputs},
            "candidate": {
                "command": f"{sys.executable} predict.py {{features}} {{predictions}}",
                "files": ["predict.py"],
                "timeout": 2,
            },
            **overrides,
        }
        kept = {key: value for key, value in content.items() if value is not None}
        (self.root / "proctor.yml").write_text(yaml.safe_dump(kept, sort_keys=False))
        return self

    def candidate(self, wrong: int = 0, before: str = "") -> Project:
        """Write the candidate's program."""
        (self.root / "predict.py").write_text(program(wrong, before))
        return self

    def proctor(self, *arguments: str, code: int | None = None, key: str | None = None) -> Ran:
        """Run the command line with the project's key, or another (empty: none)."""
        key = self.key if key is None else key
        ran = self.way(self.root, *arguments, env=self.environment(key))
        self.said += [ran.out, ran.err] if key else [ran.err]
        if code is not None:
            assert code == ran.code, ran.out + ran.err
        return ran

    def check(self, code: int, **how: Any) -> dict[str, Any]:
        """`proctor check --json`, which must end with *code*."""
        return self.proctor("check", "--json", code=code, **how).json

    def environment(self, key: str) -> dict[str, str]:
        """What a command line finds in its environment beside everything else."""
        return {"TMPDIR": str(self.temporary), **({"PROCTOR_KEY": key} if key else {})}

    def start(self, *arguments: str, key: str) -> subprocess.Popen[str]:
        """A command line in a process of its own, which goes on."""
        return subprocess.Popen(
            [sys.executable, "-m", "proctor", *arguments],
            cwd=self.root, env={**os.environ, "NO_COLOR": "1", **self.environment(key)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def entries(self) -> list[dict[str, Any]]:
        """The ledger, entry by entry."""
        found: list[dict[str, Any]] = self.proctor("ledger", "show", "--json", code=0).json["entries"]
        return found

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.entries()]
