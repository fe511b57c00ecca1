"""A loop whose polls return at once all the time, and what keeps it awake.

    awake.py TRUTH HOW LOOP

HOW is end (a socket that nobody reads to its end), tcp (the same of TCP), writer (a socket that
has nothing to write), pipe (whose writer has closed it), task, or timer. With steps, the loop
waits: for a moment in many polls, and then a callback takes half a second. With spell, it
is a task for 3 s, and then the loop is idle. LOOP is asyncio or uvloop.
"""

import asyncio
import os
import socket
import sys
import time

from truth import loop_waits_for_go


def on_ready():
    pass


def of_tcp():
    listener = socket.create_server(("127.0.0.1", 0))
    near = socket.create_connection(listener.getsockname())
    far, _ = listener.accept()
    listener.close()
    return near, far


async def dispatch():
    while True:
        await asyncio.sleep(0)


async def take_long_steps():
    while True:
        for _ in range(100):
            await asyncio.sleep(0.002)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            pass


async def main(how):
    loop = asyncio.get_running_loop()
    await loop_waits_for_go()
    ends = []
    if how in ("end", "tcp"):
        near, far = of_tcp() if how == "tcp" else socket.socketpair()
        far.close()
        near.setblocking(False)
        loop.add_reader(near, on_ready)
        ends.append(near)
    elif how == "writer":
        near, far = socket.socketpair()
        near.setblocking(False)
        loop.add_writer(near, on_ready)
        ends += near, far
    elif how == "pipe":
        read, write = os.pipe()
        os.close(write)
        loop.add_reader(read, on_ready)
    elif how == "timer":
        def on_ready_again():
            loop.call_later(0, on_ready_again)
        on_ready_again()
    elif how == "steps":
        ends.append(asyncio.ensure_future(take_long_steps()))
    elif how == "spell":
        busy = asyncio.ensure_future(dispatch())
        await asyncio.sleep(3)
        busy.cancel()
    else:
        ends.append(asyncio.ensure_future(dispatch()))
    await asyncio.sleep(60)


if sys.argv[3] == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(main(sys.argv[2]))
