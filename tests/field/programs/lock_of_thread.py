# SPDX-License-Identifier: BSD-2-Clause
"""A loop waits for a threading.Lock of a thread, which got it by `with` or by acquire()."""

import asyncio
import sys
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "a loop waits for a `threading.Lock` that a thread holds",
    "pythons": ["3.8", "3.10", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"{want}", r"threading\.Lock"],
         "right": [r"held\s+by\s+thread\s+'keeper'", r"{with_lock}"],
         "never": [r"DEADLOCK"]},
        {"command": ["tasks"], "arguments": ["acquire"],
         "partly": [r"{want}", r"threading\.Lock"],
         "right": [r"holder\s+Python\s+does\s+not\s+record"],
         "never": [r"DEADLOCK", r"held\s+by"]},
        {"command": ["tasks"], "arguments": ["timeout"],
         "partly": [r"threading\.Lock"],
         "right": [r"held\s+by\s+thread\s+'keeper'", r"with\s+a\s+timeout"],
         "never": [r"DEADLOCK"]},
    ],
}
LOCK, OTHER = threading.Lock(), threading.Lock()


def keep():
    if "acquire" in sys.argv:
        LOCK.acquire()
        time.sleep(3600)
    if "timeout" in sys.argv:
        with LOCK:
            time.sleep(0.5)
            while not OTHER.acquire(timeout=30):
                pass
    # a lock that was held here before, so that it may be left on the stack
    with threading.Lock():
        pass
    with LOCK:
        try:
            time.sleep(3600)  # line: with_lock
        finally:
            pass


def try_both():
    with OTHER:
        threading.Timer(0.6, ready).start()
        while not LOCK.acquire(timeout=30):
            pass


async def main():
    threading.Thread(target=keep, name="keeper", daemon=True).start()
    await asyncio.sleep(0.2)
    if "timeout" in sys.argv:
        try_both()
    ready()
    LOCK.acquire()  # line: want


asyncio.run(main())
