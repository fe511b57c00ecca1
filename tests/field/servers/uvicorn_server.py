# SPDX-License-Identifier: BSD-2-Clause
"""uvicorn, on asyncio's loop."""

import sys

import uvicorn
from parts.visits import free_port, visit

CASE = {
    "shows": "uvicorn: healthy, and with a handler that blocks",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-d", "3s", "-t", "500ms"],
         "arguments": ["/"],
         "partly": [r"\(0 slow\)"],
         "never": [r"what got lost"]},
        {"command": ["-d", "4s"],
         "arguments": ["/slow"],
         "partly": [r"blocked", r"{asgi_block}"],
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?slow\b"]},
    ],
}

if __name__ == "__main__":
    PORT = free_port()
    with visit(PORT, sys.argv[1]):
        uvicorn.run("parts.asgi:app", port=PORT, loop="asyncio", log_level="error")
