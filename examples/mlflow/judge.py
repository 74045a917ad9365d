"""
Judge a version of a model in MLflow's registry, and let it hold the alias if it passes.

    MLFLOW_TRACKING_URI=http://mlflow.example python judge.py models:/digits/7 [--alias champion] [--gate FOLDER]

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
    parser.add_argument("uri", help="models:/NAME/VERSION or models:/NAME@ALIAS")
    parser.add_argument("--alias", default="champion", help="what the best version is called")
    parser.add_argument("--gate", default=".", help="the gate file, or its folder")
    options = parser.parse_args()
    try:
        judged = judge_version(options.uri, options.alias, options.gate)
    except ProctorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    holds = "holds" if judged.holds else "does not hold"
    print(f"{judged.release.verdict}: {judged.release.meaning}; version {judged.version} {holds} {options.alias!r}")
    return 0 if judged.holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
