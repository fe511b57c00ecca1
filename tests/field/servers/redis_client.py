# SPDX-License-Identifier: BSD-2-Clause
"""redis: a task waits for a list that is empty, and others for the one connection of the pool."""

import asyncio
import threading

import redis.asyncio
from fakeredis import TcpFakeServer
from parts.ready import ready
from parts.visits import free_port

CASE = {
    "shows": "redis: the pool of connections is used up",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"popper|getter"],
         "right": [r"popper[\s\S]{,100}{pop}", r"getter-\d[\s\S]{,100}{get}", r"\b1 of 1\b"]},
        {"command": ["-d", "3s"],
         "never": [r"what got lost"]},
    ],
}


async def pop(client):
    await client.blpop("jobs", 0)  # line: pop


async def get(client):
    await client.get("name")  # line: get


async def main():
    port = free_port()
    server = TcpFakeServer(("127.0.0.1", port))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pool = redis.asyncio.BlockingConnectionPool(host="127.0.0.1", port=port, max_connections=1,
                                                timeout=None)
    client = redis.asyncio.Redis(connection_pool=pool)
    tasks = [asyncio.create_task(pop(client), name="popper")]
    await asyncio.sleep(0.5)
    tasks += [asyncio.create_task(get(client), name=f"getter-{n}") for n in range(3)]
    await asyncio.sleep(0.5)
    ready()
    await asyncio.gather(*tasks)


asyncio.run(main())
