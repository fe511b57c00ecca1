# SPDX-License-Identifier: BSD-2-Clause
"""The job of an executor with one thread waits for a coroutine that needs the same executor."""

import asyncio
import concurrent.futures

from parts.ready import ready

CASE = {
    "shows": "the one thread of an executor waits for a job that is queued behind it",
    "pythons": ["3.9", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"inner.*(\n.*)?queued", r"outer.*(\n.*)?running"],
         "right": [r"^DEADLOCK", r"{held}", r"\b1 of 1\b"]},
    ],
}
ONE = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="db")


def save():
    pass


async def inner():
    await asyncio.get_running_loop().run_in_executor(ONE, save)


async def bridge():
    await asyncio.get_running_loop().create_task(inner(), name="inner")


def view(loop):
    asyncio.run_coroutine_threadsafe(bridge(), loop).result()  # line: held


async def outer():
    loop = asyncio.get_running_loop()
    loop.call_later(0.4, ready)
    await loop.run_in_executor(ONE, view, loop)


async def main():
    await asyncio.get_running_loop().create_task(outer(), name="outer")


asyncio.run(main())
