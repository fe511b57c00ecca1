"""Thousands of callbacks over the threshold, each with a name of its own.

flood.py TRUTH [CALLBACKS]
"""

import asyncio
import sys

from truth import GroundTruth, compute, loop_waits_for_go

CALLBACKS = 2000
HOLD_S = 0.002
WORST_S = 0.05
SOURCE = """
async def job_%d(seconds):
    compute(seconds)
"""


def make(number):
    scope = {"compute": compute}
    exec(compile(SOURCE % number, "jobs.py", "exec"), scope)
    return scope["job_%d" % number]


async def main(path, count=CALLBACKS):
    count = int(count)
    truth = GroundTruth(path)
    jobs = [make(number) for number in range(count)]
    await loop_waits_for_go()
    for number, job in enumerate(jobs):
        # long after the first callbacks of its second
        await asyncio.create_task(job(WORST_S if number == count // 2 else HOLD_S))
    await asyncio.sleep(1)
    truth.fact(jobs=count, worst=f"job_{count // 2}")
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
