"""A loop with a known utilisation, and callbacks that are counted.

    load.py TRUTH [SECONDS [POLLER]]

POLLER is the name of a selector (PollSelector, SelectSelector).
"""

import asyncio
import selectors
import sys
import threading
import time

from truth import GroundTruth, compute, loop_waits_for_go

TICKS = 200
STEP_S, SLEEP_S = 0.02, 0.03


async def ticker():
    for _ in range(TICKS):
        await asyncio.sleep(0.001)


async def worker(truth, seconds):
    """Computes half of the time and sleeps half of it: the loop is busy in both."""
    start = time.monotonic_ns()
    busy = steps = 0
    while time.monotonic_ns() - start < seconds * 1e9:
        begin = time.monotonic_ns()
        (time.sleep if steps % 2 else compute)(STEP_S)
        busy += time.monotonic_ns() - begin
        steps += 1
        await asyncio.sleep(SLEEP_S)
    truth.fact(busy_ns=busy, wall_ns=time.monotonic_ns() - start,
               tid=threading.get_native_id())
    truth.count(worker, steps + 1)


async def main(path, seconds="2"):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    await asyncio.create_task(worker(truth, float(seconds)))
    await asyncio.create_task(ticker())
    truth.count(ticker, TICKS + 1)
    truth.stall()
    await asyncio.sleep(0)
    truth.write()


def run(path, seconds="2", poller="DefaultSelector"):
    loop = asyncio.SelectorEventLoop(getattr(selectors, poller)())
    asyncio.set_event_loop(loop)
    loop.run_until_complete(main(path, seconds))
    loop.close()


if __name__ == "__main__":
    run(*sys.argv[1:])
