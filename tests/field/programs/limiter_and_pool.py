# SPDX-License-Identifier: BSD-2-Clause
"""Threads wait for a connection, whose holders wait for a thread to give it back."""

import asyncio
import queue

import anyio
import anyio.to_thread
from parts.ready import ready

CASE = {
    "shows": "all threads of anyio's limiter wait for a connection, its holders for a thread",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"request-\d"],
         "right": [r"{outer}|{first}", r"\b2 of 2\b", r"{blocked}", r"[Ll]imiter"]},
    ],
}
POOL = queue.Queue()


def take():
    return POOL.get()  # line: blocked


def give(connection):
    POOL.put(connection)


async def request():
    connection = await anyio.to_thread.run_sync(take)  # line: first
    await asyncio.sleep(0.5)
    await anyio.to_thread.run_sync(give, connection)  # line: outer


async def main():
    POOL.put("only")
    anyio.to_thread.current_default_thread_limiter().total_tokens = 2
    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(request, name=f"request-{number}")
        await asyncio.sleep(1)
        ready()


anyio.run(main)
