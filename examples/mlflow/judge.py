"""
Judge a version of a model in MLflow's registry, and let it hold the alias if it passes.

    export MLFLOW_TRACKING_URI=http://mlflow.example
    python judge.py models:/digits/7 [--alias champion [--new-alias]] [--baseline URI] [--gate FOLDER]

Ends with 0 if the version holds the alias now, and with 1 if it does not.
"""

from __future__ import annotations

import argparse
import sys

from proctor import ProctorError
from proctor.surfaces.registry import judge_version


def main() -> int:
    """Judge the version that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("uri", help="models:/NAME/VERSION, models:/NAME@ALIAS, or runs:/RUN/PATH")
    parser.add_argument("--alias", default="champion", help="what the best version is called; '' to move none")
    parser.add_argument("--new-alias", action="store_true", help="make the alias if no version has it yet")
    parser.add_argument("--baseline", help="model to compare with, by its URI; the gate file's baseline if left out")
    parser.add_argument("--gate", default=".", help="the gate file, or its folder")
    options = parser.parse_args()
    try:
        judged = judge_version(
            options.uri,
            options.alias or None,
            options.gate,
            baseline=options.baseline,
            makes_alias=options.new_alias,
        )
    except ProctorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{judged.release.verdict}: {judged.release.meaning}")
    if options.alias:
        print(f"version {judged.version} {'holds' if judged.holds else 'does not hold'} {options.alias!r}")
    return 0 if judged.holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
