"""Many tasks: a constant number, a growing number, or a number of short-lived ones.

    crowds.py TRUTH stands COUNT | grows | churns

A ticker notes in the ground truth, as {"worst_gap_ns"}, the longest time for which the loop stood
still.
"""

import asyncio
import os
import sys
import time

from truth import GroundTruth, loop_waits_for_go, source_of

TICK_S = 0.02
GROW_S = 0.1
STEADY = 5


async def stands(event):
    await event.wait()


async def steady():
    await asyncio.sleep(3600)


async def leaked():
    await asyncio.get_running_loop().create_future()


async def brief():
    await asyncio.sleep(0)


async def grows(references):
    while True:
        references.append(asyncio.get_running_loop().create_task(leaked()))
        await asyncio.sleep(GROW_S)


async def churns():
    while True:
        await asyncio.gather(*[brief() for _ in range(50)])


async def ticks(gaps):
    last = time.monotonic_ns()
    while True:
        await asyncio.sleep(TICK_S)
        now = time.monotonic_ns()
        gaps.append(now - last)
        last = now


def crowd(way, count, references):
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    for _ in range(count):
        references.append(loop.create_task(stands(event)))
    for _ in range(STEADY):
        references.append(loop.create_task(steady()))
    if way == "grows":
        references.append(loop.create_task(grows(references)))
    if way == "churns":
        references.append(loop.create_task(churns()))


async def main(path, way, count=0):
    truth, references, gaps = GroundTruth(path), [], []
    crowd(way, int(count), references)
    # The target is ready when all tasks are parked.
    await asyncio.sleep(0.05)
    ticking = asyncio.get_running_loop().create_task(ticks(gaps))
    await loop_waits_for_go()
    ticking.cancel()
    truth.fact(worst_gap_ns=max(gaps, default=0))
    truth.fact(grown=source_of(leaked), steady=source_of(steady))
    truth.write()
    # Ending a hundred thousand tasks would take longer than the snapshot of them.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
