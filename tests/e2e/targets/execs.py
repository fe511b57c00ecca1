"""Runs a loop, then replaces itself by another program that runs a loop as well.

    execs.py BOOKS

The first program writes BOOKS.first, the second one BOOKS.
"""

import asyncio
import os
import sys

from books import Books, loop_waits_for_go

AGAIN = "again"


async def stalls(books):
    await asyncio.sleep(1)
    books.stall()
    await asyncio.sleep(0.01)


async def main(path, name):
    books = Books(path)
    if name == "first":
        await loop_waits_for_go()
    await asyncio.create_task(stalls(books), name=name)
    books.write()


if __name__ == "__main__":
    if sys.argv[2:] == [AGAIN]:
        asyncio.run(main(sys.argv[1], "second"))
    else:
        asyncio.run(main(sys.argv[1] + ".first", "first"))
        os.execv(sys.executable, [sys.executable, __file__, sys.argv[1], AGAIN])
