#!/usr/bin/env bash
# Runs a command beside a private PostgreSQL server that ends with it:  with-postgres.sh COMMAND [ARGUMENT…]
# The command finds the administrator's URL in SWITCHYARD_TEST_POSTGRES_URL; its exit code is passed on.
# The server listens on a socket in a temporary folder only, and is tuned for throw-away data.
set -euo pipefail

fail() {
    echo "with-postgres: $*" >&2
    exit 69
}

[ $# -gt 0 ] || fail "no command given; usage: with-postgres.sh COMMAND [ARGUMENT…]"

find_programs() {
    local folder
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort --version-sort --reverse) \
        "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")"; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ]; then
            echo "$folder"
            return
        fi
    done
    fail "PostgreSQL's programs were not found; install them (Debian: apt-get install postgresql)"
}

programs="$(find_programs)"
root="$(mktemp -d "${TMPDIR:-/tmp}/switchyard-postgres.XXXXXX")"

# PostgreSQL refuses to run as root.
as_server=()
if [ "$(id -u)" = 0 ]; then
    id postgres >/dev/null 2>&1 || fail "PostgreSQL cannot run as root and there is no user postgres"
    chown postgres "$root"
    if command -v setpriv >/dev/null; then
        as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    else
        as_server=(runuser -u postgres --)
    fi
fi

run_as_server() {
    (cd / && "${as_server[@]}" "$@")
}

stop() {
    run_as_server "$programs/pg_ctl" --pgdata="$root/data" --mode=immediate --wait stop >/dev/null 2>&1 || true
    rm -rf "$root"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

run_as_server "$programs/initdb" --pgdata="$root/data" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C --no-sync >"$root/initdb.log" 2>&1 || fail "initdb failed: $(cat "$root/initdb.log")"
run_as_server "$programs/pg_ctl" --pgdata="$root/data" --log="$root/data/server.log" --wait --timeout=60 start -o "\
    -c listen_addresses= -c port=5432 -c unix_socket_directories=$root -c max_connections=300 -c shared_buffers=64MB \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0" \
    >"$root/start.log" 2>&1 || fail "PostgreSQL did not start: $(cat "$root/start.log" "$root/data/server.log")"

export SWITCHYARD_TEST_POSTGRES_URL="postgres://postgres@localhost:5432/postgres?host=$root"
code=0
"$@" || code=$?
exit "$code"
