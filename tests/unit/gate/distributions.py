"""Distributions of Python, installed in a folder as pip installs them: modules, and a `dist-info` with a record."""

from __future__ import annotations

from pathlib import Path


def install(
    site: Path, files: dict[str, str], points: dict[str, str], *, name: str = "manners", version: str = "1.0"
) -> None:
    """
    Put a distribution in *site*, in the place of an earlier version.

    Args:
        site: The folder, which is on the path of Python.
        files: Content of its files.
        points: Entry points of the group `proctor.metrics`.
        name: Its name.
        version: Its version.
    """
    for old in site.glob(f"{name}-*.dist-info/*"):
        old.unlink()
    for old in site.glob(f"{name}-*.dist-info"):
        old.rmdir()
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    listed = "\n".join(f"{key} = {value}" for key, value in points.items())
    (info / "entry_points.txt").write_text(f"[proctor.metrics]\n{listed}\n")
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(content)
    rows = [*files, *(f"{info.name}/{each}" for each in ("METADATA", "entry_points.txt", "RECORD"))]
    (info / "RECORD").write_text("".join(f"{row},,\n" for row in rows))
