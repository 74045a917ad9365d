"""
The command line as a user has it: from words and a folder to exit code, output and error output; not a test.

A process of its own costs a second, and shows no more than the same words in this process, unless something depends on
signals, users, limits, the environment or the end of the interpreter.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import click

from proctor import cli
from proctor.environment import forget_keys, take_keys


@dataclass(frozen=True)
class Ran:
    """How one command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


def here(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
    """Run it in this process, which forgets the owner's key that it was given."""
    out, err = _stream(), _stream()
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, {"NO_COLOR": "1", **(env or {})}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        contextlib.ExitStack() as afterwards,
    ):
        afterwards.callback(forget_keys)
        take_keys()
        gc.freeze()  # thousands of collected tests are not looked at below
        code = cli.run(arguments)
    gc.collect()  # ledgers are closed, as they are at the end of a process
    gc.unfreeze()
    return Ran(code, _text(out), _text(err))


def alone(folder: Path, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60) -> Ran:
    """Run it in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "proctor", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return click.unstyle(stream.buffer.getvalue().decode())
