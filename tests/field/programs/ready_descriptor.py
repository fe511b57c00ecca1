# SPDX-License-Identifier: BSD-2-Clause
"""A reader's callback does not read a socket that has ended: each poll returns at once."""

import asyncio
import socket

from parts.ready import ready

CASE = {
    "shows": "a callback leaves its socket at the end, and each poll returns at once",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [(r"loop busy ([\d.]+) %", 60, 100), r"on_readable"],
         "right": [r"iterations/s|iterations a second", r"\bfd \d+|socket"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [(r"loop busy ([\d.]+) %", 60, 100)],
         "right": [r"on_readable"]},
    ],
}
SEEN = []


def on_readable():
    if len(SEEN) < 3:
        SEEN.append(1)


async def main():
    ours, theirs = socket.socketpair()
    asyncio.get_running_loop().add_reader(ours, on_readable)
    theirs.close()
    asyncio.get_running_loop().call_later(0.3, ready)
    await asyncio.sleep(1000)


asyncio.run(main())
