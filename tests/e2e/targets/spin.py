"""A loop that never rests: one callback per iteration, as fast as possible.

    spin.py TRUTH

Ends at the second order, and notes how many callbacks it ran since the first one.
"""

import asyncio
import sys

from truth import GroundTruth, loop_waits_for_go


async def spin(truth, stop):
    steps = 0
    while not stop.done():
        await asyncio.sleep(0)
        steps += 1
    # A task's first step, and one after each sleep.
    truth.count(spin, steps + 1)


async def main(path):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    stop = asyncio.get_running_loop().create_future()
    spinning = asyncio.create_task(spin(truth, stop), name="spin")
    await loop_waits_for_go()
    stop.set_result(None)
    await spinning
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
