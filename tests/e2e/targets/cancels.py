"""Tasks that are cancelled: by a function, by a timeout through gather(), and one that survives.

    cancels.py TRUTH
"""

import asyncio
import sys

from truth import loop_waits_for_go

TIMES = 3


async def handle():
    await asyncio.sleep(60)


async def part():
    await asyncio.sleep(60)


async def survive():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        pass


def shut_down(task):
    if sys.version_info >= (3, 9):
        task.cancel(msg="too slow")
    else:
        task.cancel()


async def begun(coroutine):
    task = asyncio.ensure_future(coroutine)
    await asyncio.sleep(0)
    return task


async def ended(task):
    try:
        await task
    except asyncio.CancelledError:
        pass


async def time_out():
    gathered = asyncio.gather(part(), part())
    try:
        await asyncio.wait_for(gathered, 0.02)
    except asyncio.TimeoutError:
        pass
    try:
        await gathered
    except asyncio.CancelledError:
        pass


async def main():
    await loop_waits_for_go()
    for _ in range(TIMES):
        task = await begun(handle())
        shut_down(task)
        await ended(task)
        task = await begun(survive())
        task.cancel()
        await ended(task)
        await time_out()
    # loopprof reads the last stack of a process that runs
    await asyncio.sleep(0.3)


asyncio.run(main())
