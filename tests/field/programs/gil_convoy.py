# SPDX-License-Identifier: BSD-2-Clause
"""Threads that compute take the GIL whenever the loop lets go of it for a system call."""

import asyncio
import socket
import threading

from parts.ready import ready

CASE = {
    "shows": "threads that compute take the GIL at each system call of the loop",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-t", "50ms", "-d", "5s"],
         "partly": [r"waiting for the GIL .*held by '(compute-\d|python)"],
         "right": [r"'compute-\d'", r"{compute}", r"{send}|flush"]},
        {"command": ["-m", "sample", "-t", "50ms", "-d", "5s"],
         "partly": [r"waiting for the GIL"]},
    ],
}


def compute():
    total = 0
    while True:
        for number in range(1000):
            total += number * number  # line: compute


def flush(ours, theirs):
    for _ in range(20):
        ours.send(b"x")  # line: send
        theirs.recv(1)


async def main():
    ours, theirs = socket.socketpair()
    for number in range(2):
        threading.Thread(target=compute, name=f"compute-{number}", daemon=True).start()
    ready()
    while True:
        flush(ours, theirs)
        await asyncio.sleep(0.02)


asyncio.run(main())
