# SPDX-License-Identifier: BSD-2-Clause
"""The master of two workers of uvicorn, which run the loops."""

import os
import time

import uvicorn
from parts.visits import free_port, visit

CASE = {
    "shows": "the PID is that of a master whose children run the loops",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"(?i)child|\b-s\b"]},
        {"command": ["-s", "-d", "5s"],
         "partly": [r"{block}"],
         "right": [r"in loop \d"]},
        {"command": ["tasks"],
         "partly": [r"(?i)child|no event loop|\b-s\b"]},
    ],
}


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    time.sleep(0.25)  # line: block
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


if __name__ == "__main__":
    PORT = free_port()
    with visit(PORT, "/"):
        os.environ.pop("FIELD_READY", None)
        uvicorn.run("master:app", port=PORT, workers=2, log_level="error")
