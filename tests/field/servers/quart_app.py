# SPDX-License-Identifier: BSD-2-Clause
"""Quart, by its own server."""

import asyncio
import sys
import time

from quart import Quart
from parts.visits import free_port, visit

CASE = {
    "shows": "Quart: healthy, and with a handler that blocks",
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

app = Quart(__name__)


@app.get("/")
async def index():
    await asyncio.sleep(0.01)
    return "ok"


@app.get("/slow")
async def slow():
    time.sleep(0.25)  # line: block
    return "ok"


if __name__ == "__main__":
    PORT = free_port()
    with visit(PORT, sys.argv[1]):
        app.run(port=PORT, use_reloader=False)
