# SPDX-License-Identifier: BSD-2-Clause
"""Thousands of tasks are woken at one time; none of their steps is slow."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "thousands of tasks are woken in one iteration",
    "pythons": ["3.8", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [(r"(\d+) callbacks in one iteration", 3000, 5100), r"listen"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"listen|{work}"],
         "right": [r"at least \d+ callbacks in one iteration|[45]\d\d\d callbacks in one it"],
         "never": [r"\d{5,}(\.\d+)? h ", r"\.-\d"]},
    ],
}
BOX = {}


def deliver():
    return sum(range(3000))  # line: work


async def listen():
    while True:
        await BOX["next"]
        deliver()


async def main():
    loop = asyncio.get_running_loop()
    BOX["next"] = loop.create_future()
    BOX["tasks"] = [loop.create_task(listen()) for _ in range(5000)]
    ready()
    while True:
        await asyncio.sleep(1)
        done, BOX["next"] = BOX["next"], loop.create_future()
        done.set_result(None)
        del done


asyncio.run(main())
