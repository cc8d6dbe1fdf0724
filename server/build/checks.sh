#!/usr/bin/env bash
# Everything that reads the code without running it. Fails at the first check that fails.
#   checks.sh              what a test run does before its tests
#   checks.sh with-tests   and the tests that are checks of the house, too: access entries, equal schemas
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
load_toolchain

stage "Formatting"
cargo fmt --all --check
stage "Architecture"
cargo run --quiet --package xtask -- check
stage "Lints, server side"
cargo clippy --quiet --workspace --exclude frontend --all-targets -- -D warnings
stage "Lints, browser side"
cargo clippy --quiet --package frontend -- -D warnings
stage "Types of the end-to-end tests"
(cd end2end && npx tsc --noEmit)
stage "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace --exclude frontend --keep-going

if [ "${1:-}" = with-tests ]; then
  stage "Access entries and schemas"
  server/build/with-postgres.sh bash -c 'cargo test --quiet --package server --test http access:: && cargo test --quiet --package store --lib dialect::'
fi
