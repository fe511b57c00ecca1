#!/bin/sh
# Findings, with all probes for them: each kind must be found.
cd /tmp || exit 1
rm -f ready

python3 /tests/lost.py ready &
target=$!
trap 'kill $target 2>/dev/null' EXIT

# shellcheck source=tests/vm/guest/wait_ready
. /tests/wait_ready

timeout -s KILL 90 loopprof -p $target --find all --cancels --origins --lifetimes -d 20 -j >out.jsonl 2>err.txt
status=$?
sed 's/^/loopprof: /' err.txt
if [ $status -ne 0 ]; then
	echo "loopprof ended with status $status: $(tail -n 1 err.txt)"
	exit 1
fi
for kind in never_awaited exception_never_retrieved destroyed_pending pending_at_close \
	closed_loop no_running_loop wrong_thread other_loop cancelled; do
	if ! grep -q "\"type\":\"lost\".*\"kind\":\"$kind\"" out.jsonl; then
		echo "no finding of the kind $kind"
		exit 1
	fi
done
if ! grep '"type":"task_summary"' out.jsonl | grep -q '"name":"raises"'; then
	echo "no lifetimes of the tasks that raise"
	exit 1
fi
if ! loopprof tasks -p $target >tasks.txt 2>&1 || ! grep -q "Task-1  main" tasks.txt; then
	cat tasks.txt
	echo "the tasks cannot be read"
	exit 1
fi
