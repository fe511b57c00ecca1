"""Runs callbacks that do nothing, in slices.

For each line on stdin, a number of callbacks, it lets its loop run so many and
answers with the CPU time they took in nanoseconds. Between slices it is blocked
in read, so that others have the CPU. WIDTH tasks side by side (1 by default) make
so many callbacks an iteration: two widths separate the cost of an iteration from
that of a callback.
"""

import asyncio
import os
import sys
import time


async def spin(times):
    for _ in range(times):
        await asyncio.sleep(0)


def compute(times):
    value = 0
    for i in range(times):
        value ^= i


async def slices(width):
    while True:
        line = os.read(0, 64)
        if not line:
            return
        times = int(line) // (width or 1)
        start = time.thread_time_ns()
        if width == 0:
            compute(times)
        elif width == 1:
            await spin(times)
        else:
            await asyncio.gather(*[spin(times) for _ in range(width)])
        os.write(1, b"%d\n" % (time.thread_time_ns() - start))


asyncio.run(slices(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
