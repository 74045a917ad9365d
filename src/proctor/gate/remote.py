"""The remote of DVC that the environment names: a folder, or an address that a driver knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

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
    "http": "dvc",
    "https": "dvc",
}
"""Schemes of addresses, and the package that brings the driver for each."""


class Remote(NamedTuple):
    """
    A remote of DVC.

    Attributes:
        address: Its folder, or its URL; empty if none is named.
    """

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
        return repr(re.sub("//[^/]*@", "//", self.address))

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
            import fsspec

            with fsspec.open(f"{self.address.rstrip('/')}{output.path_in(PurePosixPath('/'))}", "rb") as file:
                content: bytes = file.read()
        except (ImportError, ValueError) as error:  # what it says of a scheme without a driver
            raise self._without_driver(scheme) from error
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
