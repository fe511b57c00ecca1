"""Thousands of coroutine functions, each run a known number of times.

    manynames.py TRUTH [FUNCTIONS]
"""

import asyncio
import sys

from truth import GroundTruth, loop_waits_for_go

FUNCTIONS = 5000
RUNS = 3
SOURCE = """
async def name_%d():
    pass
"""


def make(count):
    functions = []
    for i in range(count):
        scope = {}
        exec(compile("\n" * i + SOURCE % i, "many.py", "exec"), scope)
        functions.append(scope["name_%d" % i])
    return functions


async def stalls_after(truth):
    truth.stall()


async def main(path, count=FUNCTIONS):
    truth = GroundTruth(path)
    functions = make(int(count))
    await loop_waits_for_go()
    for _ in range(RUNS):
        for function in functions:
            await asyncio.create_task(function())
    await asyncio.create_task(stalls_after(truth), name="after all")
    for function in functions:
        truth.count(function, RUNS)
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
