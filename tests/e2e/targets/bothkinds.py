"""Loops of asyncio and of uvloop in one process: two threads at once, and one thread in turn.

    bothkinds.py BOOKS

Each task has the name of the kind of loop that runs it.
"""

import asyncio
import sys
import threading

import uvloop
from books import Books, wait_for_go

TURNS = ("asyncio", "uvloop", "uvloop", "asyncio", "uvloop")
STALLS = 3


async def stall(books):
    for _ in range(STALLS):
        await asyncio.sleep(0.02)
        books.stall()


async def run_task(books, kind):
    await asyncio.create_task(stall(books), name=kind)


def run(books, kind):
    loop = uvloop.new_event_loop() if kind == "uvloop" else asyncio.new_event_loop()
    try:
        loop.run_until_complete(run_task(books, kind))
    finally:
        loop.close()


def main(path):
    books = Books(path)
    wait_for_go()
    thread = threading.Thread(target=run, args=(books, "uvloop"))
    thread.start()
    run(books, "asyncio")
    thread.join()
    for kind in TURNS:
        run(books, kind)
    books.write()


if __name__ == "__main__":
    main(sys.argv[1])
