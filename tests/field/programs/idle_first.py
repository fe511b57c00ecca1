# SPDX-License-Identifier: BSD-2-Clause
"""A loop that sleeps most of the time and blocks for half a second now and then."""

import asyncio
import time

from parts.ready import ready

CASE = {
    "shows": "a loop that is idle when the run begins counts as idle",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "6s"],
         "partly": [r"{block}", (r"^([\d.]+) s, loop busy", 5.8, 15),
                    (r"loop busy ([\d.]+) %", 3, 22)]},
        {"command": ["-m", "sample", "-d", "6s"],
         "partly": [r"{block}", (r"^([\d.]+) s, loop busy", 5.8, 15),
                    (r"loop busy ([\d.]+) %", 3, 22)]},
    ],
}


async def main():
    ready()
    while True:
        await asyncio.sleep(3)
        time.sleep(0.4)  # line: block


asyncio.run(main())
