"""Callbacks that wait in the queue for a known time, which they measure themselves.

queued.py TRUTH
"""

import asyncio
import sys
import time

from truth import GroundTruth, loop_waits_for_go, source_of

ROUNDS = 20
BLOCK = 0.05


class Delays:
    """Times from when a callback became ready to its start, by the program's own clock."""

    def __init__(self):
        self.taken = {}

    def started(self, function, since_ns):
        self.taken.setdefault(function, []).append(time.monotonic_ns() - since_ns)

    def write(self, truth):
        for function, delays in self.taken.items():
            truth.fact(queue_ns=delays, **source_of(function))


def blocks():
    time.sleep(BLOCK)


def behind(delays, since):
    delays.started(behind, since)


def prompt(delays, since):
    delays.started(prompt, since)


async def woken(delays, future, after):
    """Wakes a task through a future that is set before another callback blocks."""
    set_at = await future
    delays.started(woken, set_at)
    after.set_result(None)


async def first_step(delays, since, after):
    delays.started(first_step, since)
    after.set_result(None)


def on_timer(delays, ready):
    """The callback becomes ready together with the timer before it, which blocks."""
    delays.started(on_timer, ready[0])


def blocks_first(ready):
    ready.append(time.monotonic_ns())
    time.sleep(BLOCK)


async def one_round(delays):
    loop = asyncio.get_running_loop()
    loop.call_soon(prompt, delays, time.monotonic_ns())
    await asyncio.sleep(0.001)

    loop.call_soon(blocks)
    loop.call_soon(behind, delays, time.monotonic_ns())
    await asyncio.sleep(0.001)

    future, after = loop.create_future(), loop.create_future()
    task = loop.create_task(woken(delays, future, after))
    await asyncio.sleep(0.001)
    loop.call_soon(blocks)
    future.set_result(time.monotonic_ns())
    await after
    await task

    after = loop.create_future()
    loop.call_soon(blocks)
    task = loop.create_task(first_step(delays, time.monotonic_ns(), after))
    await after
    await task

    ready, when = [], loop.time() + 0.01
    loop.call_at(when, blocks_first, ready)
    loop.call_at(when + 1e-7, on_timer, delays, ready)
    await asyncio.sleep(0.08)


async def main(path):
    truth, delays = GroundTruth(path), Delays()
    await loop_waits_for_go()
    for _ in range(ROUNDS):
        await one_round(delays)
    delays.write(truth)
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
