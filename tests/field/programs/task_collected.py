# SPDX-License-Identifier: BSD-2-Clause
"""Nobody refers to a task that waits for a future, and it is collected."""

import asyncio
import gc

from parts.ready import ready

CASE = {
    "shows": "a task that nobody refers to is collected before it has ended",
    "pythons": ["3.11", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["--origins", "-d", "5s"],
         "partly": [r"destroyed (while )?pending.*\bwait"],
         "right": [r"created at(\n.*){1,4}{create}"]},
    ],
}


async def wait():
    await asyncio.get_running_loop().create_future()


async def complete(number):
    asyncio.get_running_loop().create_task(wait(), name=f"log-{number}")  # line: create
    await asyncio.sleep(0.1)


async def main():
    ready()
    number = 0
    while True:
        await complete(number)
        number += 1
        if number % 10 == 0:
            gc.collect()


asyncio.run(main())
