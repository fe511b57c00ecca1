# SPDX-License-Identifier: BSD-2-Clause
"""A handler of aiohttp asks another server with a client that blocks."""

import asyncio
import http.client
import socket
import threading
import time

from aiohttp import web
from parts.visits import free_port, visit

CASE = {
    "shows": "a handler asks another server with a client that blocks",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"blocked", r"recvfrom on tcp 127\.0\.0\.1:\d+", r"{ask}"],
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?handle\b"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"recvfrom on tcp 127\.0\.0\.1:\d+", r"{ask}"]},
    ],
}
SLOW = socket.create_server(("127.0.0.1", 0))


def answer():
    while True:
        connection, _ = SLOW.accept()
        time.sleep(0.3)
        connection.recv(1000)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        connection.close()


def tokenize():
    connection = http.client.HTTPConnection(*SLOW.getsockname())
    connection.request("GET", "/")
    return connection.getresponse().read()  # line: ask


async def handle(_):
    tokenize()
    return web.Response()


async def main():
    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    threading.Thread(target=answer, daemon=True).start()
    with visit(port, "/"):
        await asyncio.sleep(1000)


asyncio.run(main())
