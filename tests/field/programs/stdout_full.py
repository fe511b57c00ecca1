# SPDX-License-Identifier: BSD-2-Clause
"""Who reads the standard output is slow, and log lines block the loop."""

import asyncio
import logging
import os
import subprocess
import sys

from parts.ready import ready

CASE = {
    "shows": "log lines block the loop, as the reader of its standard output is slow",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"write on ", r"{log}"],
         "right": [r"write on [^\n]*(\bstdout\b|standard output|\bfd 1\b)",
                   r"write on [\s\S]{,150}(pid \d+ \(python|python[0-9.]* \(pid \d+\))"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"write on ", r"{log}"]},
    ],
}
READER = "import os, time\nwhile os.read(0, 65536): time.sleep(0.8)"
LOG = logging.getLogger("shop")


async def handle(number):
    LOG.info("request %d %s", number, "x" * 500)  # line: log


async def main():
    logging.basicConfig(stream=sys.stdout, level=logging.INFO)
    loop = asyncio.get_running_loop()
    number = 0
    ready()
    while True:
        await asyncio.sleep(0.002)
        await loop.create_task(handle(number), name=f"request-{number}")
        number += 1


with subprocess.Popen([sys.executable, "-c", READER], stdin=subprocess.PIPE) as slow:
    os.dup2(slow.stdin.fileno(), 1)
    slow.stdin.close()
    asyncio.run(main())
