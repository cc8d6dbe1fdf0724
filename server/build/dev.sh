#!/usr/bin/env bash
# Builds and serves for development, and again whenever a source file changes. Ctrl+C ends it.
#   dev.sh [OPTION…]   options of `switchyard serve`
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
load_toolchain

site=$CARGO_TARGET_DIR/site-dev-out
options=("$@")
server_pid=

stop_server() { if [ -n "$server_pid" ]; then kill "$server_pid" 2>/dev/null || true; wait "$server_pid" 2>/dev/null || true; server_pid=; fi; }
trap stop_server EXIT
trap 'exit 0' INT TERM

# A sum of names and times of everything that is built.
state() { find app frontend server style migrations Cargo.toml Cargo.lock .cargo -name node_modules -prune -o -type f -newermt @0 -printf '%p %T@\n' | sort | sha256sum; }

rebuild() {
  stage "Building"
  cargo run --quiet --package xtask -- site --out "$site" --target-dir "$CARGO_TARGET_DIR" \
    && cargo build --quiet --package server
}

start_server() {
  "$CARGO_TARGET_DIR/debug/switchyard" serve --site-dir "$site" "${options[@]}" &
  server_pid=$!
}

seen=
while true; do
  now=$(state)
  if [ "$now" != "$seen" ]; then
    seen=$now
    # The running server is replaced only by one that builds.
    if rebuild; then stop_server; start_server; else echo "==> Not built; the server before goes on. Waiting for a change."; fi
  fi
  if [ -n "$server_pid" ] && ! kill -0 "$server_pid" 2>/dev/null; then
    echo "==> The server has ended. Waiting for a change."
    server_pid=
  fi
  sleep 1
done
