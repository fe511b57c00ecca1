"""The last callback of its loop stalls, and nothing polls after it: the process does other things.

    lastcallback.py BOOKS
"""

import asyncio
import sys
import time

from books import Books, compute, loop_waits_for_go

LATER_S = 0.2


async def main(books):
    await loop_waits_for_go()
    for _ in range(2):
        await asyncio.sleep(0.05)
        books.stall()
    await asyncio.sleep(0.05)
    books.stall(seconds=0.25)


if __name__ == "__main__":
    stalls = Books(sys.argv[1])
    asyncio.new_event_loop().run_until_complete(main(stalls))
    compute(LATER_S)
    time.sleep(LATER_S)
    stalls.write()
