#!/bin/sh
# The gate as one shell script, for any CI system or for none: Jenkins, Buildkite, a cron job, a Makefile.
#
#   sh gate.sh [GATE FILE]
#
# Ends with 0 if the candidate may go on, else not. Reports are left in the folder reports/:
#   proctor.xml    JUnit, which nearly every CI system shows
#   proctor.sarif  SARIF, for code-scanning views
#   proctor.json   the release, for machines (its schema: `proctor schema release`), or "unchanged": true
#
# PROCTOR_KEY in the environment opens sealed labels. MLFLOW_TRACKING_TOKEN opens the run store, if the gate file names one.
set -u

gate=${1:-proctor.yml}
command -v proctor >/dev/null || { echo "gate: proctor is not installed; nothing was judged" >&2; exit 127; }
mkdir -p reports

proctor check "$gate" --if-changed --json --junit reports/proctor.xml --sarif reports/proctor.sarif >reports/proctor.json
code=$?

case $code in
0) echo "gate: pass, or the model is unchanged" ;;
1) echo "gate: fail: the condition is not shown to hold" ;;
3) echo "gate: labels are missing; the request for their owner lies beside the gate file, in .proctor/requests" ;;
4) echo "gate: a fresh test set is needed; nothing was spent" ;;
2 | 5) echo "gate: refused; the message is above, and nothing was spent" ;;
*) echo "gate: ended with $code" ;;
esac

# What the run store could not take waits beside the gate file; another try now does no harm if it is still down.
folder=$gate
[ -d "$gate" ] || folder=$(dirname -- "$gate")
outbox=$folder/.proctor/outbox
if [ -d "$outbox" ] && [ -n "$(ls -A -- "$outbox")" ]; then
  proctor runstore sync "$gate" || echo "gate: the run store is still down; results wait in $outbox"
fi

exit "$code"
