# SPDX-License-Identifier: BSD-2-Clause
"""The task that held a lock was cancelled and did not release it."""

import asyncio
import sys

from parts.ready import ready

CASE = {
    "shows": "a lock stays locked, as the task that held it was cancelled",
    "pythons": ["3.8", "3.10", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"writer-\d.*\n?.*Lock\.acquire, locked, 3 waiters", r"{acquire}"],
         "right": [r"known\s+to\s+hold"]},
        {"command": ["tasks"], "arguments": ["acquired"],
         "partly": [r"Lock\.acquire, locked, 3 waiters"], "never": [r"known\s+to\s+hold"]},
        {"command": ["tasks"], "arguments": ["by_store"],
         "partly": [r"Lock\.acquire, locked, 3 waiters"], "never": [r"known\s+to\s+hold"]},
        {"command": ["tasks"], "arguments": ["by_function"],
         "partly": [r"Lock\.acquire, locked, 3 waiters"], "right": [r"known\s+to\s+hold"]},
    ],
}


async def write(lock):
    await lock.acquire()  # line: acquire
    await asyncio.sleep(30)
    lock.release()


class Store:
    def __init__(self, lock):
        self.lock = lock

    async def get(self):
        await self.lock.acquire()
        return self


LOCKS = []


async def begin():
    await LOCKS[0].acquire()


async def use_by_function():
    """Has the lock, and nothing in its frames shows that."""
    await begin()
    await asyncio.sleep(30)
    LOCKS[0].release()


async def use(store):
    if "by_store" in sys.argv:
        await store.get()
    else:
        await store.lock.acquire()
    await asyncio.sleep(30)


async def main():
    lock = asyncio.Lock()
    LOCKS.append(lock)
    loop = asyncio.get_running_loop()
    if len(sys.argv) > 1:
        user = loop.create_task(use_by_function() if "by_function" in sys.argv
                                else use(Store(lock)))
        await asyncio.sleep(0)
        tasks = [loop.create_task(write(lock), name=f"writer-{n}") for n in range(3)]
        loop.call_later(0.3, ready)
        await asyncio.gather(user, *tasks)
    tasks = [loop.create_task(write(lock), name=f"writer-{n}") for n in range(4)]
    await asyncio.sleep(0.1)
    tasks[0].cancel()
    loop.call_later(0.3, ready)
    await asyncio.gather(*tasks, return_exceptions=True)


asyncio.run(main())
