# SPDX-License-Identifier: BSD-2-Clause
"""A task reads lines from a stream that has ended: readline() returns at once, for ever."""

import asyncio
import socket

from parts.ready import ready

CASE = {
    "shows": "a step never yields: it reads a stream at its end over and over",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"{spin}", r"still running after"],
         "right": [r"session", r"loop busy|100 % busy"],
         "never": [r"0\.0 s, idle"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [r"{spin}"],
         "never": [r"0\.0 s, idle"]},
        {"command": ["tasks"],
         "partly": [r"session.*running"],
         "right": [r"{spin}"]},
    ],
}


async def handle(reader):
    while True:
        line = await reader.readline()  # line: spin
        if line:
            print(line)


async def main():
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    task = asyncio.get_running_loop().create_task(handle(reader), name="session")
    await asyncio.sleep(0.2)
    ready()
    theirs.close()
    await task
    del writer


asyncio.run(main())
