"""Runs a loop, then replaces itself by another program that runs a loop as well.

    execs.py TRUTH

The first program writes TRUTH.first, the second one TRUTH.
"""

import asyncio
import os
import sys

from truth import GroundTruth, loop_waits_for_go

AGAIN = "again"


async def stalls(truth):
    await asyncio.sleep(1)
    truth.stall()
    await asyncio.sleep(0.01)


async def main(path, name):
    truth = GroundTruth(path)
    if name == "first":
        await loop_waits_for_go()
    await asyncio.create_task(stalls(truth), name=name)
    truth.write()


if __name__ == "__main__":
    if sys.argv[2:] == [AGAIN]:
        asyncio.run(main(sys.argv[1], "second"))
    else:
        asyncio.run(main(sys.argv[1] + ".first", "first"))
        os.execv(sys.executable, [sys.executable, __file__, sys.argv[1], AGAIN])
