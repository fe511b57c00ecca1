# SPDX-License-Identifier: BSD-2-Clause
"""A list of all tasks keeps those that have finished."""

import asyncio

from parts.ready import ready

CASE = {
    "shows": "finished tasks accumulate, as a list refers to them",
    "pythons": ["3.8", "3.11", "3.13", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"\b50[0-9] finished tasks"],
         "right": [r"\b500\s+fetch\b"]},
    ],
}
ALL = []


async def fetch(number):
    await asyncio.sleep(0)
    return number


async def main():
    for number in range(500):
        ALL.append(asyncio.get_running_loop().create_task(fetch(number)))
        await ALL[-1]
    ready()
    await asyncio.sleep(3600)


asyncio.run(main())
