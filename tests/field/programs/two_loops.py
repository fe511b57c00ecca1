# SPDX-License-Identifier: BSD-2-Clause
"""Two loops of a process, each of which waits by result() for a coroutine of the other one."""

import asyncio
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "two loops of a process wait for each other by `result()`",
    "pythons": ["3.9", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"{ask}"],
         "right": [r"^DEADLOCK: thread '(MainThread|second)' -> thread '(MainThread|second)' -> ",
                   r"loop\s+\d\s+has\s+not\s+started\s+yet"]},
    ],
}
LOOPS = {}
BOTH = threading.Barrier(2)


async def answer():
    return 1


async def ask(other):
    BOTH.wait()
    asyncio.run_coroutine_threadsafe(answer(), LOOPS[other]).result()  # line: ask


async def run(own, other):
    LOOPS[own] = asyncio.get_running_loop()
    await asyncio.sleep(0.1)
    await ask(other)


def tell():
    time.sleep(0.6)
    ready()


threading.Thread(target=tell, daemon=True).start()
threading.Thread(target=lambda: asyncio.run(run("second", "first")), name="second",
                 daemon=True).start()
asyncio.run(run("first", "second"))
