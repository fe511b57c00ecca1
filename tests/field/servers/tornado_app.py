# SPDX-License-Identifier: BSD-2-Clause
"""Tornado."""

import asyncio
import sys
import time

from tornado.web import Application, RequestHandler
from parts.visits import free_port, visit

CASE = {
    "shows": "Tornado: healthy, and with a handler that blocks",
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
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?(get|slow)\b"]},
    ],
}

class Index(RequestHandler):
    async def get(self):
        await asyncio.sleep(0.01)
        self.write("ok")


def slow():
    time.sleep(0.25)  # line: block


class Slow(RequestHandler):
    def get(self):
        slow()
        self.write("ok")


async def main(path):
    port = free_port()
    Application([("/", Index), ("/slow", Slow)]).listen(port, "127.0.0.1")
    with visit(port, path):
        await asyncio.sleep(1000)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
