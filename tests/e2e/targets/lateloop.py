"""A Python process that imports asyncio and runs a loop only after some seconds.

lateloop.py TRUTH [SECONDS]
"""

import os
import sys
import time


def program(path, seconds="3"):
    # truth.py would do this at the start, but it imports asyncio.
    print("ready", flush=True)
    os.read(0, 64)
    time.sleep(float(seconds))
    import asyncio

    from truth import GroundTruth

    truth = GroundTruth(path)

    async def ticker():
        for _ in range(100):
            await asyncio.sleep(0.001)

    async def main():
        truth.stall()
        await ticker()
        truth.stall()
        await asyncio.sleep(0)
        truth.write()

    truth.count(main, 100 + 2)
    asyncio.run(main())


if __name__ == "__main__":
    program(*sys.argv[1:])
