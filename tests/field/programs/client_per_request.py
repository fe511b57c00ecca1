# SPDX-License-Identifier: BSD-2-Clause
"""A client of httpx for each request, which loads the certificates each time."""

import asyncio

import httpx
from parts.ready import ready

CASE = {
    "shows": "each request makes a client, which loads all certificates",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-t", "8ms", "-d", "5s"],
         "partly": [r"on CPU", r"create_(ssl|default)_context", r"{client}"],
         "right": [r"(?i)certificates"]},
        {"command": ["-m", "sample", "-t", "8ms", "-d", "5s"],
         "partly": [r"create_(ssl|default)_context"]},
    ],
}


async def call():
    async with httpx.AsyncClient():  # line: client
        await asyncio.sleep(0.01)


async def main():
    ready()
    while True:
        await asyncio.sleep(0.1)
        await asyncio.create_task(call(), name="call")


asyncio.run(main())
