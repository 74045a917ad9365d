#!/bin/sh
# Makes the virtual environment of Kedro, in which a test runs a pipeline; does nothing if it is there.
# Usage: .ci/kedro-venv.sh [FOLDER]    The test looks for Python in $PROCTOR_KEDRO_PYTHON, then in the default folder.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/proctor/kedro-venv}
"$folder/bin/python" -c 'import kedro_datasets, kedro.framework' 2>/dev/null && exit 0
rm -rf "$folder"
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check kedro==1.7.0 kedro-datasets==9.6.0
