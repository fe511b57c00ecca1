# SPDX-License-Identifier: BSD-2-Clause
"""A coroutine waits for threads by queue.Queue or threading.Event, and blocks its loop."""

import asyncio
import queue
import sys
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "a coroutine waits for threads by `queue.Queue` or `threading.Event`",
    "pythons": ["3.8", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"{join}"],
         "right": [r"blocked\s+in\s+handler\s+\S*{join}\):\s+waits\s+for\s+task_done\(\)"
                   r"\s+of\s+a\s+queue\.Queue,\s+1\s+unfinished"],
         "never": [r"DEADLOCK"]},
        {"command": ["tasks"], "arguments": ["event"],
         "partly": [r"{event}"],
         "right": [r"waits\s+for\s+a\s+threading\.Event\s+to\s+be\s+set,"
                   r"\s+with\s+a\s+timeout"]},
        # The lock that guards the queue is not what the queue is waited for.
        {"command": ["tasks"], "arguments": ["mutex"],
         "partly": [r"{get}"],
         "right": [r"waits\s+for\s+a\s+threading\.Lock\s+that\s+is\s+held\s+by\s+thread"
                   r"\s+'keeper'"],
         "never": [r"an\s+item\s+of\s+a"]},
    ],
}
JOBS = queue.Queue()
EVENT = threading.Event()


def work():
    JOBS.get()
    time.sleep(3600)


def keep(kept):
    with JOBS.mutex:
        kept.set()
        time.sleep(3600)


async def handler():
    if "mutex" in sys.argv:
        kept = threading.Event()
        threading.Thread(target=keep, args=(kept,), name="keeper", daemon=True).start()
        kept.wait()
        ready()
        JOBS.get()  # line: get
    ready()
    if "event" in sys.argv:
        EVENT.wait(3600)  # line: event
    JOBS.join()  # line: join


async def main():
    threading.Thread(target=work, daemon=True).start()
    JOBS.put("job")
    await asyncio.get_running_loop().create_task(handler(), name="handler")


asyncio.run(main())
