# SPDX-License-Identifier: BSD-2-Clause
"""A signal handler sets an asyncio.Event, and nothing wakes the loop."""

import asyncio
import os
import signal
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "an Event is set in a signal handler, and the loop sleeps on",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"waiter.*ready to run while its loop sleeps"],
         "right": [r"{wait}"]},
        {"command": ["-d", "3s"],
         "right": [r"ready.*sleeps|loopprof tasks -p"]},
    ],
}
EVENTS = []


def on_signal(*_):
    EVENTS[0].set()


def send():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(0.5)
    ready()


async def wait():
    await EVENTS[0].wait()  # line: wait


async def main():
    EVENTS.append(asyncio.Event())
    # Without a descriptor for wake-ups, which asyncio sets for its own handlers only.
    signal.signal(signal.SIGUSR1, on_signal)
    threading.Thread(target=send, daemon=True).start()
    await asyncio.get_running_loop().create_task(wait(), name="waiter")


asyncio.run(main())
