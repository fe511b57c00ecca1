"""A loop that never rests: one callback an iteration, as fast as it goes.

    spin.py BOOKS

Ends when it is told to for the second time, and says how many it ran since the first.
"""

import asyncio
import sys

from books import Books, loop_waits_for_go


async def spin(books, stop):
    steps = 0
    while not stop.done():
        await asyncio.sleep(0)
        steps += 1
    # Its first step, and one after each sleep.
    books.count(spin, steps + 1)


async def main(path):
    books = Books(path)
    await loop_waits_for_go()
    stop = asyncio.get_running_loop().create_future()
    spinning = asyncio.create_task(spin(books, stop), name="spin")
    await loop_waits_for_go()
    stop.set_result(None)
    await spinning
    books.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
