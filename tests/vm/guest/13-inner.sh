#!/bin/sh
# --inner: steps are counted by the innermost coroutine, not by the one that the loop steps.
cd /tmp || exit 1
rm -f ready

cat >wrapped.py <<'END'
import asyncio


async def handler():
    while True:
        await asyncio.sleep(0.1)


async def wrapper():
    await handler()


async def main():
    task = asyncio.create_task(wrapper())
    await asyncio.sleep(1)
    open("ready", "w").close()
    await task


asyncio.run(main())
END
python3 wrapped.py &
target=$!
trap 'kill $target 2>/dev/null' EXIT

# shellcheck source=tests/vm/guest/wait_ready
. /tests/wait_ready

timeout -s KILL 60 loopprof -p $target --inner -d 8 -j >out.jsonl 2>err.txt
status=$?
sed 's/^/loopprof: /' err.txt
if [ $status -ne 0 ]; then
	echo "loopprof ended with status $status: $(tail -n 1 err.txt)"
	exit 1
fi
if ! grep '"type":"callback_summary"' out.jsonl | grep -q '"name":"handler"' ||
	grep -q '"name":"wrapper"' out.jsonl; then
	cat out.jsonl
	echo "the steps are not those of handler"
	exit 1
fi
