#!/bin/sh
# Makes the virtual environment of Apache Spark, in which a test counts; does nothing if it is there. Spark needs Java.
# Usage: .ci/spark-venv.sh [FOLDER]    The test runs where $PROCTOR_SPARK_PYTHON names its Python.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/proctor/spark-venv}
"$folder/bin/python" -c 'import pyspark' 2>/dev/null && exit 0
rm -rf "$folder"
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check pyspark==4.3.0
