"""A task that is ready to run, in a loop that sleeps or one that is held up.

    unwoken.py TRUTH thread | signal | held

thread, signal: an event is set by a thread, or by a signal handler, that does not wake the loop.
held: the loop is woken, and a callback holds it.
"""

import asyncio
import os
import signal
import sys
import threading
import time

from truth import loop_waits_for_go


async def waits(event):
    await event.wait()


def hold(event):
    event.set()
    time.sleep(3600)


async def main(way):
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    task = loop.create_task(waits(event))
    if way == "signal":
        signal.signal(signal.SIGUSR1, lambda *_: event.set())
        act = lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
    elif way == "thread":
        act = event.set
    else:
        act = lambda: loop.call_soon_threadsafe(hold, event)
    timer = threading.Timer(0.5, act)
    timer.daemon = True
    timer.start()
    await loop_waits_for_go()
    task.cancel()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[2]))
