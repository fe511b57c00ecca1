# SPDX-License-Identifier: BSD-2-Clause
"""A task is cancelled by code elsewhere, and ends without a word."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "a task is cancelled, and nobody knows by whom",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["--cancels", "-d", "4s"],
         "partly": [r"cancel", r"{cancel}"],
         "right": [r"reaper", r"session", r"too old"]},
    ],
}


async def session():
    await asyncio.sleep(100)


def reap(tasks):
    tasks.pop().cancel("too old")  # line: cancel


async def main():
    loop = asyncio.get_running_loop()
    tasks = []

    async def reaper():
        while True:
            await asyncio.sleep(0.3)
            tasks.append(loop.create_task(session(), name="session"))
            await asyncio.sleep(0.1)
            reap(tasks)

    ready()
    await loop.create_task(reaper(), name="reaper")


asyncio.run(main())
