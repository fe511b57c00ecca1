# SPDX-License-Identifier: BSD-2-Clause
"""websockets: connections that are silent, and a handler that blocks."""

import asyncio
import time

from parts.ready import ready
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

CASE = {
    "shows": "websockets: silent connections, and a handler that blocks",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"silent"],
         "right": [r"silent[\s\S]{,100}{receive}", r"tcp 127\.0\.0\.1:\d+"]},
        {"command": ["-d", "4s"],
         "partly": [r"blocked", r"{block}"],
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?handle\b"],
         "never": [r"what got lost"]},
    ],
}


async def handle(connection):
    async for _ in connection:
        time.sleep(0.2)  # line: block
        await connection.send("ok")


async def listen(port):
    async with connect(f"ws://127.0.0.1:{port}", proxy=None) as connection:
        await connection.recv()  # line: receive


async def ask(port):
    async with connect(f"ws://127.0.0.1:{port}", proxy=None) as connection:
        while True:
            await connection.send("question")
            await connection.recv()
            await asyncio.sleep(0.3)


async def main():
    async with serve(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        tasks = [asyncio.create_task(listen(port), name=f"silent-{n}") for n in range(2)]
        tasks.append(asyncio.create_task(ask(port), name="asking"))
        asyncio.get_running_loop().call_later(1, ready)
        await asyncio.gather(*tasks)


asyncio.run(main())
