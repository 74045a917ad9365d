"""
Predictions that DVC keeps elsewhere, found by the pointer that stands for them; DVC itself need not be installed.

Only a folder is looked into that the environment names. The repository's own configuration of DVC is not asked: a
commit could name any folder of the machine in it, and have what lies there read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proctor.errors import DataError
from proctor.files import Fence, open_file
from proctor.pointers import MOST_BYTES, output_of
from proctor.predictions import Source

REMOTE = "PROCTOR_DVC_REMOTE"
"""Variable that names the folder of a remote of DVC. It must hold no labels that are not sealed."""


@dataclass(frozen=True)
class Dvc:
    """
    Files of a project, of which DVC may keep some.

    Attributes:
        root: Folder of the gate file.
        fence: What a commit's paths may not lead out of, and the files that it may not name.
        environ: Environment variables.
    """

    root: Path
    fence: Fence
    environ: Mapping[str, str]

    def here(self, path: Path) -> Source:
        """The file at *path*; where only its pointer is here, what that stands for."""
        pointer = path.with_name(f"{path.name}.dvc")
        if not self._remote or os.path.lexists(path) or not os.path.lexists(pointer):
            return Source(path, fence=self.fence)
        try:
            with open_file(pointer, self.fence) as file:
                return Source(path, self._meant_by(file.read(MOST_BYTES), path))
        except OSError as error:
            raise DataError(f"{str(pointer)!r} cannot be read: {error.strerror}", hint="Run `dvc pull`.") from error

    def at(self, commit: str, path: str) -> bytes:
        """
        Content of the file *path*, below the folder of the gate file, at a *commit*.

        Raises:
            NotThere: If neither it nor a pointer is there.
            DataError: If what a pointer stands for is not in the remote, or is damaged.
        """
        from proctor.models.revision import NotThere, file_at

        try:
            return file_at(self.root, commit, path)
        except NotThere as error:
            absent = error
        try:
            pointer = file_at(self.root, commit, f"{path}.dvc")
        except NotThere:
            raise absent from None
        if not self._remote:
            raise DataError(
                f"{path!r} is kept by DVC at commit {commit[:12]}",
                hint=f"Name the folder of its remote in the variable {REMOTE}; or name a file, and `dvc pull` it.",
            )
        return self._meant_by(pointer, Path(path))

    @property
    def _remote(self) -> str:
        return self.environ.get(REMOTE, "").strip()

    def _meant_by(self, pointer: bytes, path: Path) -> bytes:
        output = output_of(pointer, path.name)
        if output is None:
            raise DataError(
                f"the pointer that stands for {str(path)!r} is none of DVC 3 to one file",
                hint="Run `dvc pull`; pointers to folders, and those of versions before DVC 3, are not followed.",
            )
        try:
            with open_file(output.path_in(Path(self._remote).absolute())) as file:
                content = file.read()
        except OSError as error:
            raise DataError(
                f"{str(path)!r} is kept by DVC, and is not in {self._remote!r}: {error.strerror}",
                hint=f"Run `dvc push`; and see that {REMOTE} names the folder of the remote.",
            ) from error
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != output.md5:
            raise DataError(f"{str(path)!r} is damaged in {self._remote!r}", hint="Run `dvc push` once more.")
        self.fence.refuse_copy(path, content)
        return content
