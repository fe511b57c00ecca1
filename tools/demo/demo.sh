#!/usr/bin/env bash
# demo.sh: profiles a small web service under load, and prints the results.
#
# The service runs as nobody, so that loopprof alone needs root. LOOPPROF names the
# program (build/loopprof) and DURATION the seconds to profile for (8).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
loopprof=${LOOPPROF:-$here/../../build/loopprof}
duration=${DURATION:-8}
python=/usr/bin/python3

fail() {
    printf 'demo.sh: %s\n' "$*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || fail 'must be run as root, as loopprof must be'
[ -x "$loopprof" ] || fail "$loopprof is not there; make builds it"
"$python" -c 'import aiohttp' 2>/dev/null || fail 'needs the package python3-aiohttp'

# The checkout may be readable for root only, but the service runs as nobody.
scratch=$(mktemp -d)
pids=()
cleanup() {
    trap '' INT TERM
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
umask 022
chmod 755 "$scratch"
install -D -m 644 "$here/server.py" "$scratch/shop/server.py"

# These are direct children of this shell, so that $! is their PID.
nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
mkfifo "$scratch/port"
"${nobody[@]}" "$python" "$scratch/shop/server.py" >"$scratch/port" &
server=$!
pids+=("$server")
# The server opens the pipe before anything in it can fail, so this always ends.
read -r -t 20 port <"$scratch/port" || fail 'the server did not start'
url=http://127.0.0.1:$port

# load CONNECTIONS PATH: requests a page in the background, until the end.
load() {
    if command -v wrk >/dev/null; then
        wrk -t 1 -c "$1" -d $((duration + 30)) --timeout 30 "$url$2" >/dev/null &
    else
        "$python" "$here/load.py" "$url$2" &
    fi
    pids+=("$!")
}

# The slow pages are requested now and then, the good one all the time.
visit() {
    local page
    while :; do
        for page in /report /compute; do
            sleep 0.4
            exec 3<>"/dev/tcp/127.0.0.1/$port"
            printf 'GET %s HTTP/1.0\r\n\r\n' "$page" >&3
            cat <&3 >/dev/null
        done
    done
}

load 2 /
visit 2>/dev/null &
pids+=("$!")

printf '$ loopprof -p %s -d %s\n' "$server" "$duration" >&2
"$loopprof" -p "$server" -d "$duration"
