#!/usr/bin/env python3
"""A small web service with two mistakes in it, for loopprof to find.

    server.py [PORT]

/report queries a database in the event loop, /compute computes in it; meanwhile no other
request is served. / has no mistake. Prints the port that it listens at.
"""

import asyncio
import json
import sys
import time

from aiohttp import web

QUERY_S = 0.3
NUMBERS = 3_000_000


def execute(query):
    """Stands for a database driver that is not asynchronous."""
    time.sleep(QUERY_S)
    return [{"query": query, "rows": 41}]


def fetch_report(customer):
    return execute(f"SELECT count(*) FROM orders WHERE customer = {customer}")


async def handle_report(request):
    """The first mistake: it blocks."""
    return web.json_response(fetch_report(int(request.query.get("customer", "7"))))


def prime_sum(limit):
    """Slow on purpose, as sieves in pure Python are."""
    sieve = bytearray([1]) * limit
    sieve[0:2] = b"\0\0"
    for number in range(2, int(limit ** 0.5) + 1):
        if sieve[number]:
            sieve[number * number::number] = bytes(len(sieve[number * number::number]))
    return sum(number for number in range(limit) if sieve[number])


async def handle_compute(request):
    """The second mistake: it computes."""
    total = prime_sum(NUMBERS)
    return web.Response(text=json.dumps({"sum": total}), content_type="application/json")


async def handle_index(request):
    await asyncio.sleep(0.001)
    return web.Response(text="hello\n")


async def main(port):
    app = web.Application()
    app.add_routes([
        web.get("/", handle_index),
        web.get("/report", handle_report),
        web.get("/compute", handle_compute),
    ])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    except KeyboardInterrupt:
        pass
