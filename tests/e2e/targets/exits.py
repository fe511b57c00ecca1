"""Stalls once, and ends in one of the ways in which a process can end, inside a callback.

exits.py BOOKS return|exception|_exit|kill
"""

import asyncio
import os
import signal
import sys

from books import Books, loop_waits_for_go


def end(how):
    if how == "_exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exception":
        raise SystemExit(3)


async def stalls(books):
    books.stall()


async def main(path, how):
    books = Books(path)
    await loop_waits_for_go()
    await asyncio.create_task(stalls(books), name="last")
    await asyncio.sleep(0.01)
    books.write()
    await asyncio.sleep(0.01)
    end(how)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
