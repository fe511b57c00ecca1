# SPDX-License-Identifier: BSD-2-Clause
"""Pools that are exhausted: two executors and two semaphores.

    pools.py TRUTH

The default executor has 2 threads and 5 jobs, another one 1 thread and 2 jobs; it shuts down, so
that its queue also has the None that ends its thread.  Of a bounded semaphore, 2 tasks hold the 2
permits and 3 wait; of another one, nothing shows who holds it.
"""

import asyncio
import concurrent.futures
import os
import threading

from truth import loop_waits_for_go

GATE = threading.Event()


def render(number):
    GATE.wait()


def convert(number):
    GATE.wait()


async def limited(semaphore, event):
    async with semaphore:
        await event.wait()


async def taken(semaphore, event):
    await semaphore.acquire()
    await event.wait()


async def main():
    loop = asyncio.get_running_loop()
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(2))
    own = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="converter")
    event, bounded, plain = asyncio.Event(), asyncio.BoundedSemaphore(2), asyncio.Semaphore(1)
    jobs = [loop.run_in_executor(None, render, number) for number in range(5)]
    jobs += [loop.run_in_executor(own, convert, number) for number in range(2)]
    own.shutdown(wait=False)
    tasks = [loop.create_task(limited(bounded, event)) for number in range(5)]
    tasks += [loop.create_task(taken(plain, event)) for number in range(3)]
    await loop_waits_for_go()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
