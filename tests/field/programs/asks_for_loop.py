# SPDX-License-Identifier: BSD-2-Clause
"""Code asks whether a loop runs, in threads that have none; nothing is wrong."""

import asyncio
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "code that only asks whether a loop runs is healthy",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"\b0 slow\b|none slow|idle|callbacks"],
         "never": [r"no running (event )?loop", r"what got lost"]},
    ],
}


def on_loop():
    try:
        asyncio.get_running_loop()
        return True
    except RuntimeError:
        return False


def work():
    while True:
        on_loop()
        time.sleep(0.05)


async def main():
    threading.Thread(target=work, daemon=True).start()
    ready()
    while True:
        await asyncio.sleep(0.1)


asyncio.run(main())
