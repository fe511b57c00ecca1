"""An idle loop: it ticks once a second until it gets the order to end."""

import asyncio

from truth import loop_waits_for_go


async def tick():
    while True:
        await asyncio.sleep(1)


async def main():
    ticking = asyncio.create_task(tick(), name="ticking")
    await loop_waits_for_go()
    ticking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
