#!/bin/sh
# Makes the virtual environment in which the tests start a real MLflow server; does nothing if it is there.
# Usage: .ci/mlflow-venv.sh [FOLDER]    The tests look in $PROCTOR_MLFLOW_PYTHON, then in the default folder.
set -eu

version=3.17.2
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/proctor/mlflow-venv}
python=${PYTHON:-python3}

if [ "$("$folder/bin/python" -c 'import mlflow.version, psycopg2, flask_wtf; print(mlflow.version.VERSION)' 2>/dev/null)" = "$version" ]; then
    exit 0
fi
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "mlflow[auth]==$version" psycopg2-binary
