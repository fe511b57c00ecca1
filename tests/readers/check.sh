#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Reads exports of the golden captures with the OpenTelemetry Collector's own decoder, which
# checks them against the protobuf schema: needs Go 1.26 or later and its module proxy.
# usage: check.sh BUILD
set -uo pipefail

build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
passed=0 failed=0
PATH=$PATH:/usr/local/go/bin

python=${LOOPPROF_CACHE:-/var/cache/loopprof}/readers
"$here/python.sh" "$python" >&2 || exit 1
mkdir -p "$build/readers"
(cd "$here/otlpjson" && go build -o "$build/readers/otlpjson" .) >&2 || exit 1

points() { "$python/bin/python" "$here/otlp.py" "$1"; }

check() {
	local capture=$1 name
	name=$(basename "$capture" .lpc)
	# one capture is cut: the export has an error status, but is complete up to the cut
	rm -f "$made/ours"
	"$build/loopprof" export -q -f otlp -o "$made/ours" "$capture" 2>"$made/stderr"
	"$build/readers/otlpjson" "$made/ours" >"$made/collected" 2>>"$made/stderr" &&
		points "$made/ours" >"$made/ours.points" 2>>"$made/stderr" &&
		points "$made/collected" >"$made/collected.points" 2>>"$made/stderr" &&
		grep -q exponential_histogram "$made/ours.points" &&
		diff "$made/ours.points" "$made/collected.points" >>"$made/stderr" && return 0
	echo "FAIL $name" >&2
	head -n 20 "$made/stderr" >&2
	return 1
}

for capture in "$here"/../golden/*.lpc; do
	if check "$capture"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
