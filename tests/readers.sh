#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# readers.sh [DIR]: gets the programs by which others read the exported formats: speedscope (npm),
# HdrHistogram's log reader and Perfetto's own message types (PyPI) are downloaded, and Go's pprof,
# which recent versions of Go compile at its first use, is compiled. DIR is build/export-readers by
# default; if /var/cache/loopprof is writable, they are stored there and DIR is a link to it.
set -euo pipefail

python_packages=(hdrhistogram==0.10.8 perfetto==0.59.1)
node_packages=(speedscope@1.25.0)
tries=4

fail() {
	printf 'readers.sh: %s\n' "$*" >&2
	exit 1
}

# Registries fail now and then: errors are shown only if all attempts fail.
patient() {
	local try log=$1
	shift
	for ((try = 1; try <= tries; try++)); do
		if timeout 300 "$@" >"$log" 2>&1 </dev/null; then
			return 0
		fi
		sleep "$((try * 3))"
	done
	cat "$log" >&2
	fail "failed $tries times: $*"
}

wanted=${1:-build/export-readers}
mkdir -p "$(dirname "$wanted")"
dir=$wanted
cache=/var/cache/loopprof
if [ ! -e "$wanted" ] && mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ]; then
	dir=$cache/export-readers
	ln -sfn "$dir" "$wanted"
fi
dir=$(readlink -m "$dir")
mkdir -p "$dir"

# A lock allows one run at a time; a later run then finds all programs.
exec 9>"$dir/.lock"
flock 9
go=$(command -v go || echo /usr/local/go/bin/go)
[ ! -x "$go" ] || timeout 600 "$go" tool pprof -h >/dev/null 2>&1 </dev/null || true
stamp="${python_packages[*]} ${node_packages[*]}"
if [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi
rm -rf "$dir/python" "$dir/node_modules" "$dir/stamp"
/usr/bin/python3 -m venv "$dir/python" || fail 'python3 -m venv does not work (package python3-venv)'
patient "$dir/log" "$dir/python/bin/python" -m pip install --disable-pip-version-check \
	--only-binary :all: "${python_packages[@]}"
patient "$dir/log" npm install --no-audit --no-fund --ignore-scripts --prefix "$dir" \
	"${node_packages[@]}"
printf '%s\n' "$stamp" >"$dir/stamp"
printf 'readers.sh: %s: made\n' "$dir" >&2
