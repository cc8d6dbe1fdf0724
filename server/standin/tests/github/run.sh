#!/usr/bin/env bash
# Checks the stand-in of GitHub against GitHub's own description of its REST API, as @octokit/openapi publishes it.
#
#   run.sh [PATH_TO_switchyard-standin]
#
# The program's path may also come from SWITCHYARD_STANDIN. The description and what reads it are fetched once into the cache
# folder and used from there without a network, until a version here changes. Of the package one file of fifteen is kept: as an
# ordinary dependency it would be 400 MB on the disk.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
version=23.0.2
sum=a55f0cecbf46636dc0c9b36f4e6a369f28e6a669edebedac444fedaabd192d070f4b8967c3bbb979918d9b044d9010b70fb8195db171e401f32d455105718386
standin="${1:-${SWITCHYARD_STANDIN:-}}"
if [[ -z "$standin" || ! -x "$standin" ]]; then
    echo "usage: run.sh PATH_TO_switchyard-standin (build it with: cargo build -p standin)" >&2
    exit 2
fi

environment="${SWITCHYARD_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/switchyard}/github-description"
description=generated/api.github.com.json
wanted="$version $(sha256sum <"$here/package-lock.json")"
if [[ ! -f "$environment/installed.txt" || "$(cat "$environment/installed.txt")" != "$wanted" ]]; then
    echo "fetching GitHub's description of its API ($version, 29 MB)"
    rm -rf "$environment"
    mkdir -p "$environment"
    cp "$here/package.json" "$here/package-lock.json" "$environment/"
    (
        cd "$environment"
        npm ci --no-audit --no-fund --silent
        npm pack --silent "@octokit/openapi@$version" >/dev/null
        echo "$sum  octokit-openapi-$version.tgz" | sha512sum --check --quiet
        tar --extract --gzip --file "octokit-openapi-$version.tgz" --strip-components 1 "package/$description" package/LICENSE
        rm "octokit-openapi-$version.tgz"
    )
    printf '%s' "$wanted" >"$environment/installed.txt"
fi

. "$here/../start.sh"

env GITHUB_DESCRIPTION_PACKAGES="$environment" NO_PROXY='*' no_proxy='*' \
    node "$here/check.mjs" "$address" "$environment/$description"
