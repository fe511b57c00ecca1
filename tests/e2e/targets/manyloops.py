"""Many threads (the second argument: how many), each with a loop of its own that ticks now and
then; the test's "go" ends it.
"""

import asyncio
import sys

from truth import run_loops


async def tick(started):
    started()
    while True:
        await asyncio.sleep(2)


if __name__ == "__main__":
    run_loops(int(sys.argv[2]), tick)
