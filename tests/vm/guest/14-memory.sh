#!/bin/sh
# Stalls because of the memory limits of cgroups: loopprof reports each with its limit.
cd /tmp || exit 1
rm -f ready run.lpc

echo +memory >/sys/fs/cgroup/cgroup.subtree_control
if ! mkdir /sys/fs/cgroup/max /sys/fs/cgroup/high || ! [ -e /sys/fs/cgroup/max/memory.max ]; then
	echo "cgroups have no memory controller"
	exit 1
fi
python3 /tests/short_of_memory.py high ready &
target=$!
trap 'kill $target $held 2>/dev/null' EXIT
# shellcheck source=tests/vm/guest/wait_ready
. /tests/wait_ready
held=$target

rm ready
python3 /tests/short_of_memory.py max ready &
target=$!
# shellcheck source=tests/vm/guest/wait_ready
. /tests/wait_ready

timeout -s KILL 80 loopprof record -o run.lpc -p $target -p $held -d 10 -t 50ms 2>err.txt
status=$?
sed 's/^/loopprof: /' err.txt
if [ $status -ne 0 ]; then
	echo "loopprof ended with status $status: $(tail -n 1 err.txt)"
	exit 1
fi
loopprof report -j run.lpc >out.jsonl && loopprof report run.lpc >out.txt
python3 /tests/check_memory.py out.jsonl $target $held >verdict 2>&1
status=$?
grep -m 8 -A 1 'memory' out.txt
if [ $status -ne 0 ]; then
	head -n 60 out.txt
	cut -c 1-1000 out.jsonl | grep slow_callback | head -n 6
elif ! grep -q '    page faults reclaimed memory for .* of it' out.txt ||
	! grep -q '        cgroup /max uses .* of 24 MiB (memory.max)' out.txt ||
	! grep -q '    the kernel throttled it above memory.high for .* of it' out.txt; then
	cat out.txt
	echo "the text does not say why"
	exit 1
fi
cat verdict
exit $status
