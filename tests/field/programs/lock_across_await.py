# SPDX-License-Identifier: BSD-2-Clause
"""A task awaits within `with lock` of a threading.Lock, and another one of its loop wants it."""

import asyncio
import threading

from parts.ready import ready

CASE = {
    "shows": "a task awaits while it holds a `threading.Lock`, and the next one blocks the loop",
    "pythons": ["3.8", "3.10", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"threading\.Lock", r"{want}"],
         "right": [r"^DEADLOCK: (\S+ )*-> ", r"held\s+by\s+task\s+'holder'", r"{held}"]},
        {"command": [], "seconds": 4,
         "partly": [r"futex", r"{want}"],
         "right": [r"held\s+by\s+task\s+'holder'\s+of\s+this\s+same,\s+blocked\s+loop,"
                   r"\s+waiting\s+for\s", r"{held}"]},
    ],
}
LOCK = threading.Lock()


async def hold():
    with LOCK:
        await asyncio.sleep(3600)  # line: held


async def want():
    ready()
    with LOCK:  # line: want
        pass


async def main():
    loop = asyncio.get_running_loop()
    holder = loop.create_task(hold(), name="holder")
    await asyncio.sleep(0.1)
    await loop.create_task(want(), name="second")
    await holder


asyncio.run(main())
