# SPDX-License-Identifier: BSD-2-Clause
"""A loop waits for a threading.Lock that a thread acquired and another one releases."""

import asyncio
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "a loop waits for a `threading.Lock` that one thread acquires and another one releases",
    "pythons": ["3.8", "3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": [], "seconds": 8,
         "partly": [r"futex", r"{want}"],
         "right": [r"woken\s+by\s+thread\s+'flusher'", r"{release}"]},
    ],
}
LOCK, WANTED = threading.Lock(), threading.Event()


def flush():
    while True:
        WANTED.wait()
        WANTED.clear()
        time.sleep(0.7)
        LOCK.release()  # line: release


async def save():
    taker = threading.Thread(target=LOCK.acquire)
    taker.start()
    taker.join()
    WANTED.set()
    LOCK.acquire()  # line: want
    LOCK.release()


async def main():
    threading.Thread(target=flush, name="flusher", daemon=True).start()
    ready()
    while True:
        await asyncio.create_task(save())
        await asyncio.sleep(0.2)


asyncio.run(main())
