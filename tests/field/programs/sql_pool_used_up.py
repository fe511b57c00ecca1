# SPDX-License-Identifier: BSD-2-Clause
"""Sessions keep the connections of SQLAlchemy's pool; other requests wait in a greenlet."""

import asyncio
import os
import tempfile

from parts.ready import ready
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

CASE = {
    "shows": "SQLAlchemy's pool is used up by sessions that wait for something else",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"orders-\d.*waiting"],
         "right": [r"orders-\d[\s\S]{,100}{query}", r"\b2 of 2\b", r"keeper-\d[\s\S]{,100}{holds}"]},
    ],
}
PATH = os.path.join(tempfile.mkdtemp(), "shop.db")


async def keeper(engine, event):
    async with AsyncSession(engine) as session:
        await session.execute(text("select 1"))
        await event.wait()  # line: holds


async def orders(engine):
    async with AsyncSession(engine) as session:
        await session.execute(text("select 2"))  # line: query


async def main():
    engine = create_async_engine("sqlite+aiosqlite:///" + PATH, pool_size=2, max_overflow=0,
                                 poolclass=AsyncAdaptedQueuePool, pool_timeout=300)
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    tasks = [loop.create_task(keeper(engine, event), name=f"keeper-{n}") for n in range(2)]
    await asyncio.sleep(0.8)
    tasks += [loop.create_task(orders(engine), name=f"orders-{n}") for n in range(3)]
    await asyncio.sleep(0.5)
    ready()
    await asyncio.gather(*tasks)


asyncio.run(main())
