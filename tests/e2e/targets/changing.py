"""A healthy program whose tasks begin and end waits of milliseconds all the time.

    changing.py TRUTH [clock | lost | futures]

clock: the loop has a clock of its own, as those of some libraries.
futures: tasks wait for futures, whose memory other objects take when they have been set.
lost: tasks sleep, and two wait for a lock that a task which has ended did not release.
No sleep and no timeout is longer than 5 ms. Every lock is held within `async with`, and locks are
taken in one order, so that no deadlock is possible.
"""

import asyncio
import random
import sys
import time

from truth import loop_waits_for_go


async def sleeps():
    while True:
        await asyncio.sleep(0.005)


async def handles_floats():
    """Creates floats that take the place of those of timers that have ended."""
    loop = asyncio.get_running_loop()
    while True:
        stamps = [time.time() for _ in range(50)]
        loop.call_later(3600, stamps.clear).cancel()
        await asyncio.sleep(0.002)


async def locks(first, second, limit):
    while True:
        async with limit:
            async with first:
                async with second:
                    await asyncio.sleep(random.random() * 0.002)
        await asyncio.sleep(0)


async def gathers():
    while True:
        await asyncio.gather(*[asyncio.sleep(0.001) for _ in range(3)])


async def times_out(event):
    while True:
        try:
            await asyncio.wait_for(event.wait(), 0.003)
        except asyncio.TimeoutError:
            pass


class NoFuture:
    """Objects of the size of a future."""
    __slots__ = ["slot%d" % number for number in
                 range((asyncio.Future.__basicsize__ - object.__basicsize__) // 8)]


async def waits_for_futures(others):
    loop = asyncio.get_running_loop()
    while True:
        future = loop.create_future()
        loop.call_later(0.001, future.set_result, None)
        await future
        del future
        others.append(NoFuture())
        if len(others) > 500:
            del others[:400]


async def enters(lock):
    async with lock:
        pass


async def loses_a_lock():
    lock = asyncio.Lock()
    await asyncio.create_task(lock.acquire())
    return [asyncio.create_task(enters(lock), name=f"waits for the lost lock {i}")
            for i in range(2)]


async def main():
    shared = [asyncio.Lock() for _ in range(5)]
    limit, event = asyncio.Semaphore(8), asyncio.Event()
    pairs = [sorted(random.sample(range(5), 2)) for _ in range(30)]
    works = [sleeps() for _ in range(2 if "lost" in sys.argv[2:] else 20)]
    if "futures" in sys.argv[2:]:
        others = []
        works = [waits_for_futures(others) for _ in range(300)]
    elif "lost" not in sys.argv[2:]:
        works += [locks(shared[first], shared[second], limit) for first, second in pairs]
        works += [handles_floats() for _ in range(3)]
        works += [gathers() for _ in range(5)] + [times_out(event) for _ in range(10)]
    tasks = [asyncio.create_task(work) for work in works]
    if "lost" in sys.argv[2:]:
        tasks += await loses_a_lock()
    await loop_waits_for_go()
    for task in tasks:
        task.cancel()


class OwnClock(asyncio.SelectorEventLoop):
    def time(self):
        return super().time() + 122_000


if __name__ == "__main__":
    loop = OwnClock() if "clock" in sys.argv[2:] else asyncio.new_event_loop()
    loop.run_until_complete(main())
