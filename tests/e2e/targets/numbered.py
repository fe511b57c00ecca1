"""Runs a known number of callbacks, which begin with the first one of its loop.

    numbered.py BOOKS [STATUS]

The first and the last callback are slow. Ends with STATUS.
"""

import asyncio
import os
import sys

from books import Books, wait_for_go

CALLBACKS = 500


def first(books):
    books.stall(of=first)


def numbered(numbers, number):
    numbers.append(number)


def last(books, loop):
    books.stall(of=last)
    loop.stop()


def program(path, status="0"):
    books = Books(path)
    numbers = []
    wait_for_go()
    loop = asyncio.new_event_loop()
    loop.call_soon(first, books)
    for number in range(CALLBACKS):
        loop.call_soon(numbered, numbers, number)
    loop.call_soon(last, books, loop)
    loop.run_forever()
    loop.close()
    books.count(first, 1)
    books.count(numbered, len(numbers))
    books.count(last, 1)
    books.fact(uid=os.getuid(), gid=os.getgid(), groups=os.getgroups(), pid=os.getpid())
    books.write()
    return int(status)


if __name__ == "__main__":
    sys.exit(program(*sys.argv[1:]))
