#!/bin/sh
# Who wakes a loop that waits for a lock whose holder is not known: a program that is loaded and attached
# during the run, in the sandbox.
cd /tmp || exit 1
rm -f ready

cat >woken.py <<'END'
import asyncio
import threading
import time

lock, wanted = threading.Lock(), threading.Event()


def flush():
    time.sleep(2)
    lock.release()


def write():
    while True:
        wanted.wait()
        wanted.clear()
        flush()


async def save():
    wanted.set()
    lock.acquire()


async def main():
    lock.acquire()
    threading.Thread(target=write, name="writer", daemon=True).start()
    while True:
        await asyncio.create_task(save())
        open("ready", "w").close()
        await asyncio.sleep(0.3)


asyncio.run(main())
END
python3 woken.py &
target=$!
trap 'kill $target 2>/dev/null' EXIT

# shellcheck source=tests/vm/guest/wait_ready
. /tests/wait_ready

timeout -s KILL 60 loopprof -p $target -d 9 -j >out.jsonl 2>err.txt
status=$?
sed 's/^/loopprof: /' err.txt
if [ $status -ne 0 ]; then
	echo "loopprof ended with status $status: $(tail -n 1 err.txt)"
	exit 1
fi
if ! grep '"woken_by":{"thread":"writer"' out.jsonl | grep -q '"function":"flush"'; then
	cut -c 1-1200 out.jsonl | grep slow_callback
	echo "it does not say who woke the loop"
	exit 1
fi
