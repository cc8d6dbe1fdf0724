# Shared by the scripts of this folder: where things are, and how a stage speaks. Sourced, not run.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${SWITCHYARD_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/switchyard}
export SWITCHYARD_CACHE_DIR=$cache
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
cd "$root"

started=$SECONDS
stage() { printf '\n==> %s (%d:%02d)\n' "$*" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)); }

load_toolchain() {
  set -a
  # shellcheck source=/dev/null
  . "$cache/toolchain.env"
  set +a
}
