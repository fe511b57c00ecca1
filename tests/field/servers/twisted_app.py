# SPDX-License-Identifier: BSD-2-Clause
"""Twisted web on the asyncio reactor."""

import sys
import time

from twisted.internet import asyncioreactor

asyncioreactor.install()

from twisted.internet import reactor  # pylint: disable=wrong-import-position
from twisted.web import resource, server  # pylint: disable=wrong-import-position
from parts.visits import free_port, visit

CASE = {
    "shows": "Twisted on asyncio: healthy, and with a handler that blocks",
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
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?(render_GET|slow)\b"]},
    ],
}

def slow():
    time.sleep(0.25)  # line: block


class Shop(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        if request.path == b"/slow":
            slow()
        return b"ok"


if __name__ == "__main__":
    PORT = free_port()
    reactor.listenTCP(PORT, server.Site(Shop()), interface="127.0.0.1")
    with visit(PORT, sys.argv[1]):
        reactor.run()
