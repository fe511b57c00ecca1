# SPDX-License-Identifier: BSD-2-Clause
"""Responses that are never closed keep the connections of an httpx client."""

import asyncio

import httpx
from parts.ready import ready

CASE = {
    "shows": "httpx's pool is used up by responses that nobody closes",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"fetch-\d.*waiting"],
         "right": [r"fetch-\d[\s\S]{,100}{get}", r"\b2 of 2\b", r"(?i)pool"]},
        {"command": ["-d", "4s"],
         "right": [r"loopprof tasks -p \d+", r"(?i)httpx|httpcore"]},
    ],
}


async def serve(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nbegin")
    await asyncio.sleep(1000)


async def fetch(client, url):
    return await client.get(url)  # line: get


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = "http://127.0.0.1:%d/" % server.sockets[0].getsockname()[1]
    opened = []
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=2), trust_env=False,
                                 timeout=None) as client:
        for _ in range(2):
            opened.append(await client.send(client.build_request("GET", url), stream=True))
        tasks = [asyncio.create_task(fetch(client, url), name=f"fetch-{n}") for n in range(3)]
        await asyncio.sleep(0.5)
        ready()
        await asyncio.gather(*tasks)


asyncio.run(main())
