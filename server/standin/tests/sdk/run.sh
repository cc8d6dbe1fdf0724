#!/usr/bin/env bash
# Checks the stand-in server with the official Python SDKs of OpenAI and Anthropic.
#
#   run.sh [PATH_TO_switchyard-standin]
#
# The program's path may also come from SWITCHYARD_STANDIN. The SDKs are installed once into a virtual environment
# below the cache folder and used from there without a network, until requirements.txt changes.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
standin="${1:-${SWITCHYARD_STANDIN:-}}"
if [[ -z "$standin" || ! -x "$standin" ]]; then
    echo "usage: run.sh PATH_TO_switchyard-standin (build it with: cargo build -p standin)" >&2
    exit 2
fi

environment="${SWITCHYARD_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/switchyard}/python-sdks"
wanted="$(cat "$here/requirements.txt")"
if [[ ! -f "$environment/installed.txt" || "$(cat "$environment/installed.txt")" != "$wanted" ]]; then
    rm -rf "$environment"
    mkdir -p "$(dirname "$environment")"
    if ! python3 -m venv "$environment" >/dev/null; then
        echo "python3 cannot make a virtual environment; install python3-venv" >&2
        exit 1
    fi
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$environment/installed.txt"
fi

. "$here/../start.sh"

# Neither a proxy nor a key of this machine may get in between.
env -u OPENAI_API_KEY -u OPENAI_BASE_URL -u ANTHROPIC_API_KEY -u ANTHROPIC_AUTH_TOKEN -u ANTHROPIC_BASE_URL \
    NO_PROXY='*' no_proxy='*' PYTHONDONTWRITEBYTECODE=1 \
    "$environment/bin/python" "$here/check.py" "$address"
