#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Records the captures of the golden tests anew, then writes the expected outputs.
# Needs root.  usage: make.sh [LOOPPROF]; PYTHON= chooses the interpreter.
#
# stalls.lpc, loops.lpc, findings.lpc and cut.lpc, the first half of stalls.lpc, have formats 1.0
# and 1.1 and are not made anew: they test that old captures can still be read.  Review each
# difference in their expected outputs before it is committed.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
loopprof=$(readlink -f "${1:-build/loopprof}")
python=${PYTHON:-/usr/bin/python3}
target=
# A capture has the path of the program, which must not depend on the checkout.
programs=/tmp/loopprof-golden
mkdir "$programs"

stop() {
	[ -n "$target" ] || return 0
	kill "$target"
	wait "$target" || true
	target=
}
trap 'stop; rm -rf "$programs"' EXIT

# Records NAME.lpc from NAME.py with further options.
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

# A separate program, findings.c, writes blocks.lpc in format 1.3.
mapfile -t objects < <(find "$(dirname "$loopprof")/user" -name '*.o' ! -name main.o)
cc -O2 -std=gnu11 -D_GNU_SOURCE -I"$here/../../user" -o "$programs/findings" "$here/findings.c" \
	"${objects[@]}" -lbpf -lelf -lz -lZydis -lm -lpthread
"$programs/findings" "$here/blocks.lpc"
chmod 644 "$here/blocks.lpc"
UPDATE=1 "$here/run.sh" "$loopprof"
