# SPDX-License-Identifier: BSD-2-Clause
"""A task acquires a condition that it holds already."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "a task waits for a lock that it holds itself",
    "pythons": ["3.8", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"^DEADLOCK: first -> first\b", r"{again}"],
         "right": [r"held by itself", r"second.*\n?.*held by 'first'"]},
    ],
}


class Pool:
    def __init__(self):
        self.changed = asyncio.Condition()

    async def take(self):
        async with self.changed:
            await self.give()

    async def give(self):
        async with self.changed:  # line: again
            self.changed.notify()


async def main():
    loop = asyncio.get_running_loop()
    pool = Pool()
    first = loop.create_task(pool.take(), name="first")
    await asyncio.sleep(0.05)
    second = loop.create_task(pool.take(), name="second")
    await asyncio.sleep(0.05)
    ready()
    await asyncio.gather(first, second)


asyncio.run(main())
