"""A loop for which other code waits, by poll(), and which is nearly idle.

foreignidle.py TRUTH
"""

import asyncio
import sys

from truth import GroundTruth, loop_waits_for_go
from otherloops import Foreign

ROUNDS = 4
PAUSE_S = 0.25


async def idles():
    while True:
        await asyncio.sleep(PAUSE_S)


async def main(truth):
    idling = asyncio.get_running_loop().create_task(idles(), name="idles")
    await loop_waits_for_go()
    for _ in range(ROUNDS):
        await asyncio.sleep(PAUSE_S)
    idling.cancel()
    truth.write()


if __name__ == "__main__":
    Foreign().run_until_complete(main(GroundTruth(sys.argv[1])))
