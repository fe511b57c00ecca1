# SPDX-License-Identifier: BSD-2-Clause
"""Full collections of a large heap."""

import asyncio
import gc

from parts.ready import ready

CASE = {
    "shows": "the garbage collector walks a large heap",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"collecting garbage"],
         "right": [r"{build}"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"collecting garbage"]},
    ],
}
HEAP = [{"number": number, "pair": [number]} for number in range(900000)]


def build():
    for _ in range(3):
        mine = []
        mine.append(mine)
    gc.collect()  # line: build


async def main():
    ready()
    while True:
        await asyncio.sleep(0.5)
        build()


asyncio.run(main())
