"""Holds its loop repeatedly (the second argument: how often), each time in another step."""

import asyncio
import sys
import time

from truth import loop_waits_for_go

STALL_S = 0.15


async def main(stalls):
    await loop_waits_for_go()
    for _ in range(stalls):
        time.sleep(STALL_S)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[2])))
