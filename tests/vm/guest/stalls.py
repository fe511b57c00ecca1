"""An asyncio program that stalls its loop in a known way, and keeps the books.

    stalls.py BOOKS READY

Every half second the task 'stall' blocks the loop for 150 ms; beside it a
ticker runs a hundred short callbacks a second. BOOKS gets a line for each
stall, "START_NS DURATION_NS" by CLOCK_MONOTONIC; READY appears with the first.
"""

import asyncio
import sys
import time

PERIOD = 0.5
STALL = 0.15
TICK = 0.01


def block(books):
    start = time.monotonic_ns()
    time.sleep(STALL)
    print(start, time.monotonic_ns() - start, file=books, flush=True)


async def stall_forever(books, ready):
    while True:
        block(books)
        if ready:
            open(ready, "w").close()
            ready = None
        await asyncio.sleep(PERIOD - STALL)


async def tick_forever():
    while True:
        await asyncio.sleep(TICK)


async def main(books_path, ready):
    with open(books_path, "w") as books:
        stall = asyncio.create_task(stall_forever(books, ready), name="stall")
        ticker = asyncio.create_task(tick_forever(), name="ticker")
        await asyncio.gather(stall, ticker)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
