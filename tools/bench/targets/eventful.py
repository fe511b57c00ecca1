"""Holds its loop for 2 ms again and again, so that each callback is a slow one.

With a threshold below that, the first slow callback that is reported is the first
callback that was observed.
"""

import asyncio
import time


async def main():
    print("ready", flush=True)
    while True:
        time.sleep(0.002)
        await asyncio.sleep(0)


asyncio.run(main())
