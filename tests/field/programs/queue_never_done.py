# SPDX-License-Identifier: BSD-2-Clause
"""Workers of a queue failed before task_done(), and join() waits for ever."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "Queue.join() waits for workers that have failed",
    "pythons": ["3.8", "3.10", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"Queue\.join, 4 unfinished", r"{join}"],
         "right": [r"worker-0.*(\n.*)?KeyError: 'price'|worker-0.*(\n.*)?KeyError: price"]},
    ],
}


async def work(queue):
    while True:
        order = await queue.get()
        print(order["price"])
        queue.task_done()


async def main():
    queue = asyncio.Queue()
    loop = asyncio.get_running_loop()
    workers = [loop.create_task(work(queue), name=f"worker-{n}") for n in range(2)]
    for number in range(4):
        queue.put_nowait({"number": number})
    loop.call_later(0.3, ready)
    await queue.join()  # line: join
    del workers


asyncio.run(main())
