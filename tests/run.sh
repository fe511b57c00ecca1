#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs the stages of `make check`, and adds up their results.  After a stage that fails, the next
# one runs all the same.
# usage: run.sh BUILD [STAGE...]
set -uo pipefail

build=$1
shift
[ $# -gt 0 ] || set -- unit golden fuzz e2e
passed=0 failed=0 skipped=0

# Adds up the closing lines "N passed, N failed[, N skipped]" in a stage's output.
add_up() {
	local stage=$1 status=$2 log=$3 counts
	counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" |
		awk '{ p += $1; f += $3; s += $5 } END { print p + 0, f + 0, s + 0, NR }')
	read -r p f s lines <<<"$counts"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	# a stage without results, or with a failed status but no failures, counts as a failure
	if [ "$lines" -eq 0 ] || { [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; }; then
		echo "FAIL $stage: status $status without a failed test" >&2
		failed=$((failed + 1))
	fi
}

unit() {
	local test log p=0 f=0
	for test in "$build"/unit/test_*; do
		[[ $test != *.log ]] || continue
		log=$test.log
		CMOCKA_MESSAGE_OUTPUT=TAP "$test" >"$log" 2>&1
		local status=$? ok bad
		ok=$(grep -c '^ok ' "$log") bad=$(grep '^not ok ' "$log" | grep -vc '# SKIP')
		[ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
		[ "$bad" -eq 0 ] || cat "$log" >&2
		echo "$(basename "$test"): $ok ok, $bad not ok"
		p=$((p + ok)) f=$((f + bad))
	done
	echo "$p passed, $f failed"
	[ "$f" -eq 0 ]
}

golden() { tests/golden/run.sh "$build/loopprof"; }

# Each target runs on the inputs in tests/fuzz/corpus and on its seeds; inputs that it adds stay in
# $build/fuzz/corpus for the next run, and for `make fuzz-corpora`.
fuzz() {
	local target name corpus p=0 f=0
	for target in "$build"/fuzz/fuzz_*; do
		[[ -x $target && ! -d $target ]] || continue
		name=$(basename "$target")
		corpus=$build/fuzz/corpus/$name
		mkdir -p "$corpus"
		[ ! -f "tests/fuzz/corpus/$name.tar.gz" ] ||
			tar -xzf "tests/fuzz/corpus/$name.tar.gz" -C "$corpus"
		FUZZ_SEEDS=$corpus "$target"
		if "$target" -max_total_time="${FUZZ_SECONDS:-5}" -max_len=16384 -timeout=10 \
			-rss_limit_mb=2048 -artifact_prefix="$target.crash-" "$corpus" \
			>"$build/fuzz/$name.log" 2>&1; then
			echo "$name: $(grep -oE '^Done [0-9]+ runs' "$build/fuzz/$name.log")"
			p=$((p + 1))
		else
			tail -n 30 "$build/fuzz/$name.log" >&2
			f=$((f + 1))
		fi
	done
	echo "$p passed, $f failed"
	[ "$f" -eq 0 ]
}

# The programs that read exports are got beforehand: a test has no time for their download.
e2e() {
	tests/readers.sh "$build/export-readers"
	/usr/bin/python3 tests/e2e/run.py --loopprof "$build/loopprof" --roots "$build/roots"
}

# Not a default stage, as it needs Go.
readers() { tests/readers/check.sh "$build"; }

for stage in "$@"; do
	echo "== $stage"
	log=$(mktemp)
	"$stage" 2>&1 | tee "$log"
	add_up "$stage" "${PIPESTATUS[0]}" "$log"
	rm -f "$log"
done
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
