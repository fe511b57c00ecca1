# SPDX-License-Identifier: BSD-2-Clause
"""Work was moved to a thread, but its C code keeps the GIL."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "C code in a thread keeps the GIL",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"waiting for the GIL .*held by '", r"{keep}"],
         "right": [r"held by 'asyncio_\d'"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"waiting for the GIL"]},
    ],
}


BASE = 7


def crunch():
    return BASE ** 1500000 > 1  # line: keep


async def beat():
    while True:
        await asyncio.sleep(0.02)


async def main():
    loop = asyncio.get_running_loop()
    task = loop.create_task(beat(), name="beat")
    ready()
    while True:
        await loop.run_in_executor(None, crunch)
        await asyncio.wait([task], timeout=0.3)


asyncio.run(main())
