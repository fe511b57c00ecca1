# SPDX-License-Identifier: BSD-2-Clause
"""async_to_sync waits for a task whose sync_to_async job only the thread that waits can run."""

import asyncio

from asgiref.sync import async_to_sync, sync_to_async
from parts.ready import ready

CASE = {
    "shows": "`async_to_sync` waits for a task that waits for a job of the same thread",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"view", r"late"],
         "right": [r"^DEADLOCK: .*'MainThread' -> Task-\d+ -> late",
                   r"waits\s+for\s+the\s+result\s+of\s+task\s+'Task-\d+'\s+at\s+\S*{inner}",
                   r"asgiref's thread: 1 of 1 thread busy, 1 queued"]},
    ],
}
TASKS = []


def database():
    pass


async def late():
    await asyncio.sleep(0.3)
    asyncio.get_running_loop().call_later(0.3, ready)
    await sync_to_async(database)()


async def inner():
    await TASKS[0]  # line: inner


def view():
    async_to_sync(inner)()


async def main():
    TASKS.append(asyncio.create_task(late(), name="late"))
    await asyncio.sleep(0)
    await sync_to_async(view)()


async_to_sync(main)()
