# Sourced by the checks of the stand-in server, with the program's path in `standin`. Starts it on a free port and leaves its
# address in `address`; it ends with the script.

address_file="$(mktemp)"
"$standin" --listen 127.0.0.1:0 >"$address_file" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f "$address_file"' EXIT
for _ in $(seq 100); do
    [[ -s "$address_file" ]] && break
    kill -0 "$server" 2>/dev/null || { echo "the stand-in server ended at once" >&2; exit 1; }
    sleep 0.1
done
address="$(head -n 1 "$address_file")"
if [[ -z "$address" ]]; then
    echo "the stand-in server did not say its address" >&2
    exit 1
fi
