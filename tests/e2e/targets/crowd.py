"""Many threads (the second argument: how many) with loops that wake up all the time and contend
for the GIL, which makes each of them late; the test's "go" ends it.
"""

import asyncio
import sys

from truth import run_loops


async def push(started):
    started()
    while True:
        await asyncio.sleep(0.05)
        sum(range(2000))


if __name__ == "__main__":
    run_loops(int(sys.argv[2]), push)
