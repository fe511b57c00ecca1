# SPDX-License-Identifier: BSD-2-Clause
"""Another process stops this one for a while, as a debugger or `docker pause` does."""

import asyncio
import os
import subprocess
import sys

from parts.ready import ready

CASE = {
    "shows": "another process stops the program for a while",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"stopped"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"stopped"]},
    ],
}
STOPPER = """
import os, signal, sys, time
while True:
    time.sleep(0.6)
    os.kill(int(sys.argv[1]), signal.SIGSTOP)
    time.sleep(0.4)
    os.kill(int(sys.argv[1]), signal.SIGCONT)
"""


def small():
    return sum(range(60000))


async def main():
    with subprocess.Popen([sys.executable, "-c", STOPPER, str(os.getpid())]):
        ready()
        while True:
            small()
            await asyncio.sleep(0)


asyncio.run(main())
