"""A number of threads (the first argument), each with a loop of its own, which together run a
number of callbacks per second (the second argument), in small bursts as a server does.

Prints "ready" when all loops run, and ends with its stdin.
"""

import asyncio
import sys
import threading

BURST = 5


async def run(rate, ready):
    loop = asyncio.get_running_loop()
    ready.release()
    while True:
        # The timer and this task's own steps count as well.
        await asyncio.sleep((BURST + 2) / rate)
        for _ in range(BURST):
            loop.call_soon(lambda: None)


def main(threads, rate):
    ready = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=lambda: asyncio.run(run(rate / threads, ready)),
                         daemon=True).start()
    for _ in range(threads):
        ready.acquire()
    print("ready", flush=True)
    sys.stdin.read()


main(int(sys.argv[1]), float(sys.argv[2]))
