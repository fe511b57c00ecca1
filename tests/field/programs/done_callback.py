# SPDX-License-Identifier: BSD-2-Clause
"""A callback for the end of a task writes somewhere slow."""

import asyncio
import functools
import time

from parts.ready import ready

CASE = {
    "shows": "a done callback of a task blocks",
    "pythons": ["3.8", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"blocked", r"{slow}"],
         "right": [r"^\d\d:\S+ +[\d.]+ m?s +(\S*\.)?record\b"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [r"blocked", r"{slow}"]},
    ],
}


class Metrics:
    def record(self, label, task):
        time.sleep(0.2)  # line: slow
        del label, task


async def work():
    await asyncio.sleep(0.01)


async def main():
    loop = asyncio.get_running_loop()
    metrics = Metrics()
    ready()
    while True:
        task = loop.create_task(work(), name="work")
        task.add_done_callback(functools.partial(metrics.record, "work"))
        await asyncio.sleep(0.4)


asyncio.run(main())
