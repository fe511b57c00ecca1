#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Compares the outputs of `loopprof report` for these captures with the expected ones.
# usage: run.sh [LOOPPROF]; with UPDATE=1 the outputs become the expected ones.
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
loopprof=$(readlink -f "${1:-build/loopprof}")
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
passed=0 failed=0
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1

# The stdout, stderr and status of a report.
report() {
	local capture=$1 output=$2 status
	shift 2
	(cd "$here" && "$loopprof" report "$capture" "$@" </dev/null >"$output" 2>"$made/stderr")
	status=$?
	sed 's/^/stderr: /' "$made/stderr" >>"$output"
	echo "status: $status" >>"$output"
}

# The same for an export.  Histograms are unpacked, as versions of zlib pack them differently.
export_as() {
	local capture=$1 format=$2 output=$3 status
	(cd "$here" && "$loopprof" export -f "$format" "$capture" </dev/null >"$output" 2>"$made/stderr")
	status=$?
	sed -i 's/,HIST[A-Za-z0-9+\/=]*$/,HIST.../' "$output"
	sed 's/^/stderr: /' "$made/stderr" >>"$output"
	echo "status: $status" >>"$output"
}

compare() {
	local name=$1
	if [ "${UPDATE:-0}" = 1 ]; then
		cp "$made/$name" "$here/$name"
	fi
	if diff -u "$here/$name" "$made/$name" >"$made/diff" 2>&1; then
		passed=$((passed + 1))
		return
	fi
	echo "FAIL $name" >&2
	head -n 40 "$made/diff" >&2
	failed=$((failed + 1))
}

# Fails if a line is not JSON, or has a key twice.
check_json() {
	if python3 -c '
import json, sys
def once(pairs):
    assert len(dict(pairs)) == len(pairs), f"a key is there twice: {pairs}"
    return dict(pairs)
for line in open(sys.argv[1]):
    if not line.startswith(("stderr: ", "status: ")):
        json.loads(line, object_pairs_hook=once)
' "$1" 2>"$made/why"; then
		passed=$((passed + 1))
		return
	fi
	echo "FAIL $1: $(tail -n 1 "$made/why")" >&2
	failed=$((failed + 1))
}

for path in "$here"/*.lpc; do
	name=$(basename "$path" .lpc)
	report "$name.lpc" "$made/$name.txt"
	compare "$name.txt"
	report "$name.lpc" "$made/$name.jsonl" -j
	compare "$name.jsonl"
	check_json "$made/$name.jsonl"
	report "$name.lpc" "$made/$name.quiet" -q -o "$made/$name.prom"
	[ -e "$made/$name.prom" ] || cp "$made/$name.quiet" "$made/$name.prom"
	compare "$name.prom"
	for format in folded speedscope hlog csv csv-stalls; do
		export_as "$name.lpc" "$format" "$made/$name.$format"
		compare "$name.$format"
	done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
