"""Thousands of coroutine functions, each run a known number of times.

    manynames.py BOOKS [FUNCTIONS]
"""

import asyncio
import sys

from books import Books, loop_waits_for_go

FUNCTIONS = 5000
RUNS = 3
SOURCE = """
async def name_%d():
    pass
"""


def make(count):
    functions = []
    for i in range(count):
        scope = {}
        exec(compile("\n" * i + SOURCE % i, "many.py", "exec"), scope)
        functions.append(scope["name_%d" % i])
    return functions


async def stalls_after(books):
    books.stall()


async def main(path, count=FUNCTIONS):
    books = Books(path)
    functions = make(int(count))
    await loop_waits_for_go()
    for _ in range(RUNS):
        for function in functions:
            await asyncio.create_task(function())
    await asyncio.create_task(stalls_after(books), name="after all")
    for function in functions:
        books.count(function, RUNS)
    books.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
