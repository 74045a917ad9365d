"""
Install the releases of chardet that the example judges, each into a folder of its own; does nothing the second time.

    python examples/chardet/releases.py [FOLDER]

The one step that needs the network: some 30 MB.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RELEASES = ("2.2.1", "2.3.0", "3.0.2", "3.0.4", "5.0.0", "5.1.0", "6.0.0", "7.1.0", "7.4.1", "7.6.0")


def default_folder() -> Path:
    """``$PROCTOR_CHARDET``, else a folder in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("PROCTOR_CHARDET") or cache / "proctor" / "chardet")


def missing(folder: Path) -> list[str]:
    """Releases that are not whole: pip writes the record of a package last."""
    return [release for release in RELEASES if not any((folder / release).glob("chardet-*.dist-info/RECORD"))]


def install(folder: Path) -> None:
    """Install what is missing."""
    for release in missing(folder):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--target", folder / release, "--upgrade", f"chardet=={release}"], check=True)


if __name__ == "__main__":
    install(Path(sys.argv[1]) if len(sys.argv) > 1 else default_folder())
