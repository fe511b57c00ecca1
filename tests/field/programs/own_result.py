# SPDX-License-Identifier: BSD-2-Clause
"""A coroutine waits, by result(), for another coroutine of its own loop."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "result() of run_coroutine_threadsafe() is called on the loop itself",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "3s"],
         "partly": [r"still running after", r"{result}"],
         "right": [r"task 'request'", r"(?i)same, blocked loop"]},
        {"command": ["tasks"],
         "partly": [r"request.*running"],
         "right": [r"^DEADLOCK", r"{result}", r"this\s+same,\s+blocked\s+loop"]},
    ],
}


async def upload():
    return 1


def wait(loop):
    return asyncio.run_coroutine_threadsafe(upload(), loop).result()  # line: result


async def handle():
    ready()
    return wait(asyncio.get_running_loop())


async def main():
    await asyncio.get_running_loop().create_task(handle(), name="request")


asyncio.run(main())
