#!/bin/sh
# Makes the virtual environment of Airflow and an empty database, with which a test runs a DAG; does nothing if they are
# there.
# Usage: .ci/airflow-venv.sh [FOLDER]    The test looks for Python in $PROCTOR_AIRFLOW_PYTHON, then in the default folder.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/proctor/airflow-venv}
[ -e "$folder/home/ready" ] && "$folder/bin/python" -c 'import airflow.sdk' 2>/dev/null && exit 0
rm -rf "$folder"
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow==3.3.2
AIRFLOW_HOME="$folder/home" AIRFLOW__CORE__LOAD_EXAMPLES=False "$folder/bin/airflow" db migrate >/dev/null 2>&1
touch "$folder/home/ready"
