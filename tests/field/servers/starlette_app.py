# SPDX-License-Identifier: BSD-2-Clause
"""Starlette, and a function that it runs in a thread."""

import asyncio
import sys
import time

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from parts.visits import free_port, visit

CASE = {
    "shows": "Starlette: healthy, and with a handler that blocks",
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
    return PlainTextResponse("ok")


async def slow(_):
    time.sleep(0.25)  # line: block
    return PlainTextResponse("ok")


if __name__ == "__main__":
    PORT = free_port()
    with visit(PORT, sys.argv[1]):
        uvicorn.run(Starlette(routes=[Route("/", index), Route("/slow", slow)]), port=PORT,
                    loop="asyncio", log_level="error")
