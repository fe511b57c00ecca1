# SPDX-License-Identifier: BSD-2-Clause
"""A task polls its queue with sleep(0): the loop is always busy, and no step is slow."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "a task polls with sleep(0), and the loop never sleeps",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [(r"loop busy ([\d.]+) %", 70, 100), r"dispatch"],
         "right": [r"iterations/s|iterations a second", r"{yield}"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [(r"loop busy ([\d.]+) %", 70, 100)],
         "right": [r"dispatch"]},
        {"command": ["tasks"],
         "partly": [r"dispatcher"]},
    ],
}
BOX = []


async def dispatch():
    while True:
        if BOX:
            BOX.pop()
        await asyncio.sleep(0)  # line: yield


async def main():
    loop = asyncio.get_running_loop()
    loop.call_later(0.3, ready)
    await loop.create_task(dispatch(), name="dispatcher")


asyncio.run(main())
