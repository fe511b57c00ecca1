"""A step of a task that never ends: it waits again and again, without a loop's knowing."""

import asyncio
import threading

PAUSE_S = 0.4


async def waits():
    event = threading.Event()
    print("ready", flush=True)
    while True:
        event.wait(PAUSE_S)


if __name__ == "__main__":
    asyncio.run(waits())
