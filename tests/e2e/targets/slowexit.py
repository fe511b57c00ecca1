"""Its loop is idle, and ends long before the process: functions in C run while Python is finalised."""

import asyncio
import atexit
import time

from truth import loop_waits_for_go

SLEEP_S = 0.4
NUMBERS = 20_000_000


async def main():
    await loop_waits_for_go()
    for _ in range(5):
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    atexit.register(sum, range(NUMBERS))
    atexit.register(time.sleep, SLEEP_S)
    asyncio.run(main())
