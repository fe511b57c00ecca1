# shellcheck shell=sh
# Profiles a program with a known stall pattern and compares what loopprof says
# with the program's own books.
cd /tmp || exit 1
rm -f books ready

python3 /tests/stalls.py books ready &
target=$!
trap 'kill $target 2>/dev/null' EXIT

# Emulated, Python takes a while to start.
waited=0
until [ -e ready ]; do
	if [ $waited -ge 40 ] || ! kill -0 $target; then
		echo "the target did not start"
		exit 1
	fi
	sleep 1
	waited=$((waited + 1))
done

# -d ends it after 8 s; the limit is for one that does not end.
timeout -s KILL 60 loopprof -p $target -d 8 -t 100ms -j >out.jsonl 2>err.txt
status=$?
sed 's/^/loopprof: /' err.txt
if [ $status -ne 0 ]; then
	echo "loopprof ended with status $status: $(tail -n 1 err.txt)"
	exit 1
fi
if ! kill -0 $target; then
	echo "the target died while it was profiled"
	exit 1
fi
python3 /tests/check_profile.py out.jsonl books $target >verdict 2>&1
status=$?
if [ $status -ne 0 ]; then
	echo "--- what loopprof wrote:"
	cut -c 1-600 out.jsonl
	echo "---"
fi
# After that, as the last line is the reason.
cat verdict
exit $status
