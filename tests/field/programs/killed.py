# SPDX-License-Identifier: BSD-2-Clause
"""Another process kills this one in the middle of a stall, as a supervisor does."""

import asyncio
import os
import subprocess
import sys
import time

from parts.ready import ready

CASE = {
    "shows": "a supervisor kills the process during a stall",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "15s"],
         "partly": [r"still running after", r"{stuck}"],
         "right": [r"SIGKILL", r"python[0-9.]* \(pid \d+\)|pid \d+ \(python"]},
    ],
}
KILLER = "import os, sys, time; time.sleep(8); os.kill(int(sys.argv[1]), 9); time.sleep(10)"


def stuck():
    time.sleep(100)  # line: stuck


async def handle():
    stuck()


async def main():
    with subprocess.Popen([sys.executable, "-c", KILLER, str(os.getpid())]):
        ready()
        await asyncio.sleep(2)
        await asyncio.get_running_loop().create_task(handle(), name="request")


asyncio.run(main())
