# SPDX-License-Identifier: BSD-2-Clause
"""Stalls of many kinds, over and over: what `stalls.lpc` was captured from."""

import asyncio
import functools
import sys
import time


def inner(seconds):
    time.sleep(seconds)


def outer(seconds):
    inner(seconds)


def plain_callback(seconds):
    outer(seconds)


class Handler:
    def __call__(self):
        time.sleep(0.025)

    def method(self, seconds):
        time.sleep(seconds)

    async def get(self):
        outer(0.04)
        await asyncio.sleep(0)


async def größe():
    outer(0.03)


async def computing():
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        sum(range(1000))


async def quick():
    await asyncio.sleep(0)


async def round_of_stalls(loop, handler):
    loop.call_soon(plain_callback, 0.03)
    loop.call_soon(functools.partial(handler.method, 0.025))
    loop.call_soon(handler)
    loop.call_soon(time.sleep, 0.03)
    await asyncio.gather(*(quick() for _ in range(20)))
    await loop.create_task(handler.get(), name="GET /report")
    await loop.create_task(größe(), name="計算")
    await loop.create_task(computing(), name="evil \x1b[31mname\u202e")
    await asyncio.sleep(0.01)


async def main():
    loop, handler = asyncio.get_running_loop(), Handler()
    print("ready", flush=True)
    while True:
        await round_of_stalls(loop, handler)


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit(1)
