# SPDX-License-Identifier: BSD-2-Clause
"""A broadcast waits in drain() for the one client that does not read."""

import asyncio
import socket

from parts.ready import ready

CASE = {
    "shows": "a broadcast waits for a client that does not read",
    "pythons": ["3.9", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"broadcaster.*(\n.*)?StreamWriter\.drain", r"tcp 127\.0\.0\.1:\d+"],
         "right": [r"{drain}"]},
    ],
}
CLIENTS = []


async def serve(_, writer):
    CLIENTS.append(writer)


async def broadcast():
    while True:
        for writer in CLIENTS:
            writer.write(b"x" * 100000)
            await writer.drain()  # line: drain
        await asyncio.sleep(0.01)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    deaf = socket.create_connection(address)
    loop = asyncio.get_running_loop()
    loop.call_later(1.5, ready)
    await loop.create_task(broadcast(), name="broadcaster")
    del deaf


asyncio.run(main())
