#!/bin/sh
# Makes the virtual environment of DVC, with which a test pushes to a remote; does nothing if it is there.
# Usage: .ci/dvc-venv.sh [FOLDER]    The test looks for the program in $PROCTOR_DVC, then in the default folder.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/proctor/dvc-venv}
"$folder/bin/dvc" --version >/dev/null 2>&1 && exit 0
rm -rf "$folder"
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check dvc==3.67.1
