#!/usr/bin/env bash
# The whole test run: set-up, checks, the page's bundle, Rust tests on both databases, the official SDKs and GitHub's
# description against the stand-in, Chromium. Runs every stage even when one failed, and ends with one line that counts.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0
failures=()

# count LOG PATTERN: the last number that stands before PATTERN's word, 0 when there is none.
count() { grep -oE "[0-9]+ $2" "$1" | tail -1 | grep -oE '^[0-9]+' || echo 0; }

# finish NAME STATUS PASSED FAILED
finish() {
  local name=$1 status=$2 ok=$3 bad=$4
  # A stage that failed without counting a failure still is one.
  if [ "$status" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  passed=$((passed + ok))
  failed=$((failed + bad))
  if [ "$bad" != 0 ]; then failures+=("$name"); fi
}

# counted NAME COMMAND...: runs a stage whose output counts its tests.
counted() {
  local name=$1 status=0 log
  shift
  stage "$name"
  log=$logs/log
  "$@" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
  # Without colours, so that the numbers can be found.
  sed -i 's/\x1b\[[0-9;]*m//g' "$log"
  finish "$name" "$status" "$(count "$log" passed)" "$(count "$log" failed)"
}

# plain NAME COMMAND...: runs a stage that passes or fails as one.
plain() {
  local name=$1 status=0
  shift
  "$@" || status=$?
  if [ "$status" = 0 ]; then finish "$name" 0 1 0; else finish "$name" "$status" 0 1; fi
}

rust_tests() {
  server/build/with-postgres.sh cargo nextest run --workspace --exclude frontend --no-fail-fast --color never \
    --status-level fail --final-status-level fail
}

# Where nextest is missing, cargo's own runner prints one count for each binary: add them up.
rust_tests_plain() {
  local status=0 log=$logs/cargo
  server/build/with-postgres.sh cargo test --workspace --exclude frontend --no-fail-fast 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
  awk '/^test result:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1) } }
       END { printf "%d passed, %d failed\n", p, f }' "$log"
  return "$status"
}

# On a person's machine tests that need what it has not may be left out, and the end says which; here all must run.
if [ -n "${CI:-}" ] && [ "$CI" != false ] && [ "$CI" != 0 ]; then export SWITCHYARD_DEMAND_ALL_TESTS=1; fi
export SWITCHYARD_SKIPPED_TESTS=$logs/skipped

stage "Set-up"
server/build/setup.sh test
load_toolchain
stage "Checks"
plain "checks" server/build/checks.sh
stage "The page's bundle"
plain "bundle" cargo run --quiet --package xtask -- site --release --hold-budget --out "$CARGO_TARGET_DIR/site" --target-dir "$CARGO_TARGET_DIR"
export SWITCHYARD_SITE_DIR=$CARGO_TARGET_DIR/site

if cargo nextest --version >/dev/null 2>&1; then
  counted "Rust tests" rust_tests
else
  counted "Rust tests" rust_tests_plain
fi
stage "Programs for the end-to-end tests"
# The same selection of packages as the tests, so that nothing is compiled again with other features.
plain "programs" cargo build --quiet --workspace --exclude frontend --bins
# The page is tested as it is shipped: in the server's own file.
packed=$CARGO_TARGET_DIR/debug/packed/switchyard
mkdir -p "${packed%/*}"
plain "one file" cargo run --quiet --package xtask -- pack --server "$CARGO_TARGET_DIR/debug/switchyard" --site "$CARGO_TARGET_DIR/site" --out "$packed"
counted "Official SDKs against the stand-in" server/standin/tests/sdk/run.sh "$CARGO_TARGET_DIR/debug/switchyard-standin"
counted "The stand-in of GitHub against its description" server/standin/tests/github/run.sh "$CARGO_TARGET_DIR/debug/switchyard-standin"
counted "End-to-end tests" env SWITCHYARD_BIN="$packed" SWITCHYARD_SITE_DIR= SWITCHYARD_STANDIN_BIN="$CARGO_TARGET_DIR/debug/switchyard-standin" \
  bash -c 'cd end2end && npx playwright test'

stage "Done"
if [ -s "$SWITCHYARD_SKIPPED_TESTS" ]; then printf 'left out:\n'; sed 's/^/  /' "$SWITCHYARD_SKIPPED_TESTS"; fi
if [ "${#failures[@]}" != 0 ]; then printf 'failed: %s\n' "${failures[*]}"; fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
