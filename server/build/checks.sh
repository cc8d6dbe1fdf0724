#!/usr/bin/env bash
# Everything that reads the code without running it. Fails at the first check that fails.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

stage "Formatting"
cargo fmt --all --check
stage "Architecture"
cargo run --quiet --package xtask -- check
stage "Lints, server side"
cargo clippy --quiet --workspace --exclude frontend --all-targets -- -D warnings
stage "Lints, browser side"
cargo clippy --quiet --package frontend -- -D warnings
stage "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace --exclude frontend --keep-going
