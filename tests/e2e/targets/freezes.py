"""A loop that computes in one callback until it notices that it did not run for a while."""

import asyncio
import time

from truth import loop_waits_for_go

NOTICED_S = 0.3


def computes():
    last = now = time.monotonic()
    while now - last < NOTICED_S:
        last, now = now, time.monotonic()


async def main():
    await loop_waits_for_go()
    computes()


if __name__ == "__main__":
    asyncio.run(main())
