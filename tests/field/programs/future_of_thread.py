# SPDX-License-Identifier: BSD-2-Clause
"""A thread sets a future by itself; its loop notices at its next timer."""

import asyncio
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "a thread sets a future without call_soon_threadsafe(), and the loop sleeps on",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["--find", "wrong_thread", "-d", "7s"],
         "partly": [r"scheduled from the wrong thread", r"{set}"]},
        {"command": ["tasks"],
         "partly": [r"receiver"]},
    ],
}
BOX = {}


def scheduler():
    while True:
        time.sleep(1)
        future = BOX.get("future")
        if future and not future.done():
            future.set_result("tick")  # line: set


async def receive():
    while True:
        BOX["future"] = asyncio.get_running_loop().create_future()
        await BOX["future"]


async def tick():
    while True:
        await asyncio.sleep(3)


async def main():
    loop = asyncio.get_running_loop()
    threading.Thread(target=scheduler, daemon=True).start()
    tasks = [loop.create_task(receive(), name="receiver"), loop.create_task(tick(), name="ticker")]
    ready()
    await asyncio.gather(*tasks)


asyncio.run(main())
