#!/bin/sh
# Makes the virtual environments in which the tests have Inspect and lm-evaluation-harness write logs of their own; does
# nothing if they are there. The harness is installed without its models, which the tests do not run.
# Usage: .ci/logs-venvs.sh    The tests look in $PROCTOR_INSPECT_PYTHON and $PROCTOR_LMEVAL_PYTHON, then in the cache.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/proctor
python=${PYTHON:-python3}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1

if ! "$cache/inspect-venv/bin/python" -c 'import inspect_ai' 2>/dev/null; then
    rm -rf "$cache/inspect-venv"
    "$python" -m venv "$cache/inspect-venv"
    "$cache/inspect-venv/bin/pip" install inspect-ai==0.3.285
fi
if ! "$cache/lmeval-venv/bin/python" -c 'import lm_eval.loggers' 2>/dev/null; then
    rm -rf "$cache/lmeval-venv"
    "$python" -m venv "$cache/lmeval-venv"
    "$cache/lmeval-venv/bin/pip" install --no-deps lm-eval==0.4.13
    "$cache/lmeval-venv/bin/pip" install datasets dill evaluate jinja2 jsonlines more_itertools pytablewriter rouge-score \
        sacrebleu scikit-learn sqlitedict tqdm-multiprocess word2number zstandard
fi
