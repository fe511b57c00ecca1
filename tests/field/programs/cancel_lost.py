# SPDX-License-Identifier: BSD-2-Clause
"""wait_for() loses a cancellation that comes as its future is done; whoever cancelled waits on."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "wait_for() of Python 3.8 to 3.11 loses a cancellation, and the shutdown hangs",
    "pythons": ["3.10", "3.11"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"stopper.*waiting", r"poller.*"],
         "right": [r"poller.*cancelled and still going", r"{poll}"]},
    ],
}


async def poll(state):
    while True:
        state["more"] = asyncio.Event()
        try:
            await asyncio.wait_for(state["more"].wait(), 600)  # line: poll
        except asyncio.TimeoutError:
            pass


async def stop(task, state):
    await asyncio.sleep(0.1)
    state["more"].set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    asyncio.get_running_loop().call_later(0.3, ready)
    await asyncio.wait([task])


async def main():
    state = {}
    loop = asyncio.get_running_loop()
    task = loop.create_task(poll(state), name="poller")
    await loop.create_task(stop(task, state), name="stopper")


asyncio.run(main())
