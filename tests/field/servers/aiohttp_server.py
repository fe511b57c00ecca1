# SPDX-License-Identifier: BSD-2-Clause
"""aiohttp's server."""

import asyncio
import time

from aiohttp import web
from parts.visits import free_port, visit

CASE = {
    "shows": "aiohttp's server: healthy, and with a handler that blocks",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-d", "3s", "-t", "500ms"],
         "arguments": ["/"],
         "partly": [r"\(0 slow\)"],
         "never": [r"what got lost"]},
        {"command": ["-d", "4s"],
         "arguments": ["/slow"],
         "partly": [r"blocked", r"{block}"],
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?slow\b"]},
    ],
}


async def index(_):
    await asyncio.sleep(0.01)
    return web.Response()


async def slow(_):
    time.sleep(0.25)  # line: block
    return web.Response()


async def main(path):
    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_get("/slow", slow)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    with visit(port, path):
        await asyncio.sleep(1000)


if __name__ == "__main__":
    import sys
    asyncio.run(main(sys.argv[1]))
