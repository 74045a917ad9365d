#!/usr/bin/env bash
# Finds the interpreter that runs proctor, or makes one: a virtual environment of its own, in which the packages of the
# job's Python (the model's) stay visible. Writes PROCTOR_PYTHON for the steps that follow.
set -euo pipefail

python=${PROCTOR_INPUT_PYTHON:-${PROCTOR_PYTHON:-}}
if [ -z "$python" ]; then
  source=$(cd "$(dirname "$0")/../.." && pwd)
  place=${RUNNER_TEMP:?this is not a GitHub workflow}/proctor
  python3 -m venv --system-site-packages "$place"
  python=$place/bin/python
  extras=${PROCTOR_INPUT_EXTRAS:-}
  "$python" -m pip install --quiet --disable-pip-version-check "$source${extras:+[$extras]}"
fi
"$python" -P -c 'import proctor.cli' || {
  echo "::error title=proctor::The interpreter named by the input python has no proctor installed."
  exit 2
}
case $python in *$'\n'*) echo "::error title=proctor::The input python has two lines." && exit 2 ;; esac
printf 'PROCTOR_PYTHON=%s\n' "$python" >> "$GITHUB_ENV"
printf 'python=%s\n' "$python" >> "$GITHUB_OUTPUT"
