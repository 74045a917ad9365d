"""
The remote of DVC that the environment names: a folder, or an address that DVC or one of its drivers knows.

Where DVC is installed, an address is read with the settings that this machine and its user have for it (endpoint,
profile, credentials), as `dvc remote modify --global` writes them. DVC is given no folder of a repository: in the
configuration of one, a commit could name any server, and have it sent the credentials of this machine.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from proctor.errors import DataError, MissingExtra
from proctor.files import open_file
from proctor.pointers import REMOTE, Output

_EXTRAS = {
    "s3": "dvc[s3]",
    "gs": "dvc[gs]",
    "abfs": "dvc[azure]",
    "oss": "dvc[oss]",
    "ssh": "dvc[ssh]",
    "hdfs": "dvc[hdfs]",
    "webhdfs": "dvc[webhdfs]",
    "webdav": "dvc[webdav]",
    "webdavs": "dvc[webdav]",
    "http": "dvc",
    "https": "dvc",
    "remote": "dvc[all]",
}
"""Schemes of addresses, and the package that brings the driver for each; the last is that of a remote by its name."""


class Remote(NamedTuple):
    """A remote of DVC, by its folder or its URL; by nothing if none is named."""

    address: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Remote:
        """The one that the environment names."""
        return cls(environ.get(REMOTE, "").strip())

    @property
    def is_named(self) -> bool:
        """True if there is one."""
        return bool(self.address)

    def __str__(self) -> str:
        """The remote as it is quoted: an address without a password that it may hold."""
        return repr(_without_password(self.address))

    def read(self, output: Output) -> bytes:
        """
        All of a file, or of the list of a folder; it may be damaged.

        Raises:
            OSError: If it is not there, or cannot be read.
            MissingExtra: If the driver for the address is not installed.
            DataError: If there is no driver for it.
        """
        if "://" in self.address:
            return self._from_address(output)
        with open_file(Path(output.path_in(Path(self.address).absolute()))) as file:
            return file.read()

    def _from_address(self, output: Output) -> bytes:
        scheme = self.address.partition("://")[0]
        try:
            with _opened(self.address.rstrip("/"), str(output.path_in(PurePosixPath()))) as file:
                content: bytes = file.read()
        except (ImportError, ValueError) as error:  # what it says of a scheme without a driver
            raise self._without_driver(scheme) from error
        except Exception as error:  # each driver has errors of its own
            raise _reason_of(error) from error
        return content

    def _without_driver(self, scheme: str) -> MissingExtra | DataError:
        if scheme in _EXTRAS:
            return MissingExtra(
                f"the remote of DVC is at {scheme}://, and the driver for it is not installed",
                hint=f"Install it with: pip install '{_EXTRAS[scheme]}'",
            )
        known = ", ".join(f"{each}://" for each in _EXTRAS)
        return DataError(
            f"{REMOTE} is {self}, and there is no {scheme}:// among the addresses that are read",
            hint=f"Name a folder, or an address that begins with one of {known}; or run `dvc pull`.",
        )


def _opened(address: str, path: str) -> Any:
    """A file below an *address*: opened by DVC if that is installed, and else by the driver alone."""
    try:
        from dvc.config import Config
        from dvc.fs import get_cloud_fs
    except ImportError:
        import fsspec

        return fsspec.open(f"{address}/{path}", "rb")
    config = Config()  # without a repository: the system's and the user's
    named = (name for name, its in config["remote"].items() if its["url"].rstrip("/") == address)
    name = next(named, None)
    driver, settings, root = get_cloud_fs(config, **({"url": address} if name is None else {"name": name}))
    drive = driver(**settings)
    return drive.open(drive.join(root, *PurePosixPath(path).parts), "rb")


def _reason_of(error: Exception) -> OSError:
    """The *error* of a driver as one of the system, with a text; some take any for a file that is not there."""
    cause = error.__cause__ or error
    if isinstance(cause, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    said = _without_password(" ".join(str(cause).split()))
    return OSError(errno.EIO, f"{type(cause).__name__} {said}".strip())


def _without_password(text: str) -> str:
    return re.sub("//[^/]*@", "//", text)
