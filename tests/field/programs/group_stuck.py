# SPDX-License-Identifier: BSD-2-Clause
"""A task of a group failed, and another one swallows its cancellation: the error is not seen."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "a TaskGroup holds an error back, as one of its tasks ignores its cancellation",
    "pythons": ["3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"TaskGroup", r"stubborn.*cancelled and still going"],
         "right": [r"holds ValueError.*record 7", r"{again}"]},
    ],
}


async def fail():
    await asyncio.sleep(0.1)
    raise ValueError("record 7")


async def ignore():
    while True:
        try:
            await asyncio.sleep(3600)  # line: again
        except asyncio.CancelledError:
            pass


async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(fail(), name="failing")
        group.create_task(ignore(), name="stubborn")
        asyncio.get_running_loop().call_later(0.5, ready)


asyncio.run(main())
