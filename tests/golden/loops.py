# SPDX-License-Identifier: BSD-2-Clause
"""Two loops in two threads, one of which comes and goes: for `loops.lpc`."""

import asyncio
import threading
import time


async def ticker():
    while True:
        await asyncio.sleep(0.005)


async def stall_sometimes():
    await asyncio.sleep(0.2)
    time.sleep(0.03)
    await asyncio.sleep(0)


def come_and_go():
    while True:
        asyncio.run(stall_sometimes())


if __name__ == "__main__":
    threading.Thread(target=come_and_go, daemon=True).start()
    print("ready", flush=True)
    asyncio.run(ticker())
