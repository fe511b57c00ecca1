"""A loop with a window that begins or ends in the middle of something; the second argument: which.

    windows.py TRUTH never_wakes|one_stall|lasts|blocked_before|spins_before

Targets with "before" begin with it before they are ready, and a profiler attaches during it.
"""

import asyncio
import sys
import time

from truth import GroundTruth, loop_waits_for_go, source_of

STALL_S = 1.0
LONG_S = 60
# A callback that is running at that time goes on for this long, well over the threshold.
BEFORE_S = 3


async def never_wakes(truth):
    await loop_waits_for_go()


async def one_stall(truth):
    await loop_waits_for_go()
    truth.stall(seconds=STALL_S)
    truth.write()
    await asyncio.sleep(LONG_S)


async def lasts(truth):
    await loop_waits_for_go()
    truth.fact(start_ns=time.monotonic_ns())
    truth.write()
    time.sleep(LONG_S)


async def blocked_before(truth):
    """Blocks, and ends while it is profiled."""
    truth.fact(blocked=dict(source_of(blocked_before), task=asyncio.current_task().get_name()))
    truth.write()
    print("ready", flush=True)
    time.sleep(BEFORE_S)
    await asyncio.sleep(LONG_S)


async def nothing():
    return None


async def spins_before(truth):
    """Awaits for ever, but never suspends."""
    print("ready", flush=True)
    while True:
        await nothing()


WAYS = {way.__name__: way for way in (never_wakes, one_stall, lasts, blocked_before,
                                      spins_before)}


async def main(path, how):
    truth = GroundTruth(path)
    await asyncio.get_running_loop().create_task(WAYS[how](truth), name="subject")
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
