# SPDX-License-Identifier: BSD-2-Clause
"""A callback runs the loop within the loop, by nest_asyncio, and blocks in there."""

import asyncio
import time

import nest_asyncio
from parts.ready import ready

CASE = {
    "shows": "a loop that is run within itself (nest_asyncio) is blocked",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"blocked", r"{block}"],
         "never": [r"0\.0 s, idle", r"epoll_wait"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"blocked", r"{block}"],
         "never": [r"0\.0 s, idle", r"epoll_wait"]},
        {"command": ["tasks"],
         "partly": [r"message|main"]},
    ],
}
nest_asyncio.apply()


def fetch():
    time.sleep(0.25)  # line: block


async def inner():
    await asyncio.sleep(0.1)
    fetch()


async def message():
    asyncio.get_event_loop().run_until_complete(inner())


async def main():
    ready()
    while True:
        await asyncio.sleep(0.3)
        await asyncio.get_event_loop().create_task(message(), name="message")


asyncio.get_event_loop().run_until_complete(main())
