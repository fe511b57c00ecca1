# SPDX-License-Identifier: BSD-2-Clause
"""An eager task computes within the step that creates it."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "an eager task computes inside of create_task()",
    "pythons": ["3.12", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"on CPU", r"{compute}"],
         "right": [r"profile-\d+", r"load +task +\d+ +[1-9]"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [r"on CPU", r"{compute}"],
         "right": [r"load +task +\d+ +[1-9]"]},
    ],
}


async def load():
    total = 0
    for number in range(3000000):
        total += number  # line: compute
    await asyncio.sleep(0.01)
    return total


async def request(number):
    task = asyncio.create_task(load(), name=f"profile-{number}")
    await asyncio.sleep(0.3)
    return await task


async def main():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    ready()
    number = 0
    while True:
        await asyncio.create_task(request(number), name=f"request-{number}")
        number += 1


asyncio.run(main())
