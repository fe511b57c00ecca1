# SPDX-License-Identifier: BSD-2-Clause
"""A call that is repeated starts an endless task each time."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "endless tasks of one coroutine only accumulate",
    "pythons": ["3.9", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks", "--watch", "2"],
         "seconds": 10,
         "partly": [r"only growing: \d+ tasks of flush"],
         "never": [r"only growing: \d+ tasks of request"]},
    ],
}


async def flush():
    while True:
        await asyncio.sleep(5)


async def request():
    await asyncio.sleep(0.2)


async def main():
    loop = asyncio.get_running_loop()
    started = []
    ready()
    while True:
        started.append(loop.create_task(flush()))
        for _ in range(3):
            await asyncio.gather(loop.create_task(request()), asyncio.sleep(0.05))


asyncio.run(main())
