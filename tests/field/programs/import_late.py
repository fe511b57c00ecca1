# SPDX-License-Identifier: BSD-2-Clause
"""A module is imported when a request needs it."""

import asyncio
import sys

from parts.ready import ready

CASE = {
    "shows": "a handler imports a module",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"{import}"],
         "right": [r"import (parts\.)?slow_module"],
         "never": [r"(\n +\S+ +\S*importlib\S*:\d+){4}"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [r"{import}"]},
    ],
}


async def handle():
    import parts.slow_module  # line: import
    del sys.modules["parts.slow_module"], parts.slow_module


async def main():
    loop = asyncio.get_running_loop()
    ready()
    while True:
        await asyncio.sleep(0.4)
        await loop.create_task(handle(), name="request")


asyncio.run(main())
