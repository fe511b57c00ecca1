# SPDX-License-Identifier: BSD-2-Clause
"""A decorator that tries again sleeps with time.sleep()."""

import asyncio
import functools
import time

from parts.ready import ready

CASE = {
    "shows": "time.sleep() in a decorator that tries again",
    "pythons": ["3.9", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"blocked", r"{sleep}"],
         "right": [r"time\.sleep \((clock_nanosleep|pselect6|select)\)"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [r"blocked", r"{sleep}"]},
    ],
}


def again(function):
    @functools.wraps(function)
    async def wrapper():
        try:
            return await function()
        except ConnectionError:
            time.sleep(0.3)  # line: sleep
            return None
    return wrapper


@again
async def embed():
    await asyncio.sleep(0.01)
    raise ConnectionError


async def main():
    loop = asyncio.get_running_loop()
    ready()
    while True:
        await asyncio.sleep(0.4)
        await loop.create_task(embed(), name="embed")


asyncio.run(main())
