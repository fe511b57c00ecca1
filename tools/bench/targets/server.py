"""A small HTTP server that counts its requests where the benchmark can read the number.

The number is in a mapped file (the first argument): a request for it would count as
one. Prints its port on stdout.
"""

import asyncio
import mmap
import struct
import sys

from aiohttp import web


class Count:
    def __init__(self, path):
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)
        self._value = 0

    def add(self):
        self._value += 1
        struct.pack_into("=Q", self._memory, 0, self._value)


async def main(path):
    count = Count(path)

    async def handle(request):
        count.add()
        return web.json_response({"path": request.path, "items": [1, 2, 3], "ok": True})

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
