"""The last callback of its loop stalls, and nothing polls after it: the process does other things.

    lastcallback.py TRUTH
"""

import asyncio
import sys
import time

from truth import GroundTruth, compute, loop_waits_for_go

LATER_S = 0.2


async def main(truth):
    await loop_waits_for_go()
    for _ in range(2):
        await asyncio.sleep(0.05)
        truth.stall()
    await asyncio.sleep(0.05)
    truth.stall(seconds=0.25)


if __name__ == "__main__":
    ground_truth = GroundTruth(sys.argv[1])
    asyncio.new_event_loop().run_until_complete(main(ground_truth))
    compute(LATER_S)
    time.sleep(LATER_S)
    ground_truth.write()
