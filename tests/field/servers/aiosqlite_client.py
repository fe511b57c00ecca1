# SPDX-License-Identifier: BSD-2-Clause
"""aiosqlite: a long query in the thread of its connection, with others queued behind it."""

import asyncio

import aiosqlite
from parts.ready import ready

CASE = {
    "shows": "aiosqlite: queries queue behind a long one of the same connection",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"long", r"short"],
         "right": [r"long[\s\S]{,100}{long}", r"short-\d[\s\S]{,100}{short}"]},
        {"command": ["-d", "3s"],
         "never": [r"what got lost"]},
    ],
}
ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"


async def report(database):
    await database.execute(ENDLESS)  # line: long


async def look_up(database):
    await database.execute("select 1")  # line: short


async def main():
    async with aiosqlite.connect(":memory:") as database:
        tasks = [asyncio.create_task(report(database), name="long")]
        await asyncio.sleep(0.2)
        tasks += [asyncio.create_task(look_up(database), name=f"short-{n}") for n in range(2)]
        asyncio.get_running_loop().call_later(0.5, ready)
        await asyncio.gather(*tasks)


asyncio.run(main())
