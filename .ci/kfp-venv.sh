#!/bin/sh
# Makes the virtual environment of Kubeflow Pipelines, in which a test runs one; does nothing if it is there.
# Usage: .ci/kfp-venv.sh [FOLDER]    The test looks for Python in $PROCTOR_KFP_PYTHON, then in the default folder.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/proctor/kfp-venv}
"$folder/bin/python" -c 'import kfp.local' 2>/dev/null && exit 0
rm -rf "$folder"
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check kfp==2.17.0
