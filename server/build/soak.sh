#!/usr/bin/env bash
# The long random tests: each goes on for SWITCHYARD_SOAK_SECONDS (300), the readers' on for 10,000 cases at least. Ends
# with one table of what they counted, and fails when a test fails, owes cases, or anything was lost or duplicated.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
load_toolchain

export SWITCHYARD_SOAK_SECONDS=${SWITCHYARD_SOAK_SECONDS:-300}
SWITCHYARD_SOAK_REPORT=$(mktemp)
export SWITCHYARD_SOAK_REPORT
trap 'rm -f "$SWITCHYARD_SOAK_REPORT"' EXIT

# Those that write into the report, and the long one that only passes or fails.
tests='test(/behind_a_|random_commands|_twenty_kills|_of_a_killed_process_|soak_/)'
status=0
server/build/with-postgres.sh cargo nextest run --workspace --exclude frontend --run-ignored all --no-fail-fast \
  -E "$tests" --success-output never || status=$?

stage "Counted in $SWITCHYARD_SOAK_SECONDS seconds and more of each"
awk -F '\t' '
  BEGIN { line = "%-42s %9s %9s %7s %6s %11s\n"; printf line, "", "cases", "cuts", "kills", "lost", "duplicated" }
  { printf line, $1, $2, $3, $4, $5, $6; for (column = 2; column <= 6; column++) sum[column] += $column }
  END {
    printf line, "together", sum[2], sum[3], sum[4], sum[5], sum[6]
    if (NR == 0) { print "nothing was counted"; exit 1 }
    exit (sum[5] > 0 || sum[6] > 0)
  }' "$SWITCHYARD_SOAK_REPORT" || status=1
exit "$status"
