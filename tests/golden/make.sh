#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Captures anew what the golden tests report on, then writes what is expected of
# it.  Needs root.  usage: make.sh [LOOPPROF]; PYTHON= chooses the interpreter.
#
# stalls.lpc, loops.lpc, findings.lpc and cut.lpc, the first half of stalls.lpc, were
# made in formats 1.0 and 1.1 and stay as they are: what is expected of them shows that
# such captures can still be read.  Review each difference in that before it is committed.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
loopprof=$(readlink -f "${1:-build/loopprof}")
python=${PYTHON:-/usr/bin/python3}
target=
# The path of a program is told in its capture: the same one, wherever the checkout is.
programs=/tmp/loopprof-golden
mkdir "$programs"

stop() {
	[ -n "$target" ] || return 0
	kill "$target"
	wait "$target" || true
	target=
}
trap 'stop; rm -rf "$programs"' EXIT

# Captures NAME.lpc from NAME.py with further options.
capture() {
	local name=$1 ready
	shift
	cp "$here/$name.py" "$programs"
	exec {from}< <(cd "$programs" && exec "$python" "$name.py")
	target=$!
	read -r ready <&"$from"
	[ "$ready" = ready ]
	"$loopprof" record -q -o "$here/$name.lpc" -t 20ms -p "$target" "$@"
	chmod 644 "$here/$name.lpc"
	stop
	exec {from}<&-
}

capture causes -d 0.8 -i 400ms

# blocks.lpc, in format 1.3, is written by a program of its own: see findings.c.
cc -O2 -std=gnu11 -D_GNU_SOURCE -I"$here/../../user" -o "$programs/findings" "$here/findings.c" \
	"$here"/../../user/{source/{recording,archive,replay,packed,block,capture},out/file,error,log}.c -lz
"$programs/findings" "$here/blocks.lpc"
chmod 644 "$here/blocks.lpc"
UPDATE=1 "$here/run.sh" "$loopprof"
