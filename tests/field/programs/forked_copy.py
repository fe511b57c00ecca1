# SPDX-License-Identifier: BSD-2-Clause
"""A coroutine forks; the child goes on with code that blocks, with a copy of all tasks."""

import asyncio
import os
import time

from parts.ready import ready

CASE = {
    "shows": "a forked child has copies of its parent's tasks and runs none",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"(?i)cop(y|ies)"],
         "never": [r"ready to run"]},
        {"command": ["-d", "3s"],
         "never": [r"still running after", r"loop busy 100"]},
    ],
}


def child():
    time.sleep(300)


async def beat():
    while True:
        await asyncio.sleep(0.2)


async def main():
    task = asyncio.get_running_loop().create_task(beat(), name="beat")
    await asyncio.sleep(0.3)
    pid = os.fork()
    if pid == 0:
        child()
        os._exit(0)
    await asyncio.sleep(0.3)
    ready(pid)
    await task


asyncio.run(main())
