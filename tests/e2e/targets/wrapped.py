"""Handlers in tasks that step a framework's coroutine, for --inner.

    wrapped.py TRUTH [slow|written|both]

The truth has how many steps each coroutine of the program had: one more than it has waited, as its
task is stepped for the first time before the first wait. slow: after some thousand short steps, the
steps of one coroutine take 150 ms. written: the tasks are written in Python, and step the handlers
themselves; both: they step the framework's coroutine.
"""

import asyncio
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "site-packages"))

import framework  # noqa: E402
from truth import GroundTruth, loop_waits_for_go  # noqa: E402

ORDERS, STOCK, PAGES = 30, 20, 10
SHORT, SLOW, SLOW_S = 20000, 4, 0.15


async def get_order():
    for _ in range(ORDERS):
        await asyncio.sleep(0.001)


async def get_stock():
    for _ in range(STOCK):
        await asyncio.sleep(0.001)


async def pages():
    for number in range(PAGES):
        await asyncio.sleep(0.001)
        yield number


async def stream():
    async for _ in pages():
        pass


async def get_status():
    for _ in range(SHORT):
        await asyncio.sleep(0)


async def get_report():
    for _ in range(SLOW):
        await asyncio.sleep(0.001)
        end = time.monotonic() + SLOW_S
        while time.monotonic() < end:
            pass


class Task(asyncio.tasks._PyTask):
    def __init__(self, coroutine):
        self.kind = "of the program"
        super().__init__(coroutine)


async def written(truth):
    for handler, kind in ((get_order, asyncio.tasks._PyTask), (get_stock, Task), (stream, Task)):
        await kind(handler())
    truth.fact(steps={"get_order": ORDERS + 1, "get_stock": STOCK + 1, "stream": PAGES + 1})
    truth.write()


async def main(path, how=None):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    if how == "written":
        await written(truth)
        return
    if how == "slow":
        for handler in (get_status, get_report):
            await asyncio.get_running_loop().create_task(framework.run(handler))
        truth.fact(slow={"get_report": SLOW})
        truth.write()
        return
    create_task = Task if how == "both" else asyncio.get_running_loop().create_task
    for handler in (get_order, get_stock, stream):
        await create_task(framework.run(handler))
    truth.fact(steps={"get_order": ORDERS + 1, "get_stock": STOCK + 1, "pages": PAGES + 1})
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
