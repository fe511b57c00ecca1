"""A process that ends, or is ended, during a blocking call, a wait, or after its loop.

    ends.py TRUTH HOW

HOW is block, exit, wait, handle, raise, or thread: the loop of another thread ended before; or
lone, where that loop ends in a stall, and the process goes on until it is killed.
"""

import asyncio
import os
import signal
import sys
import threading
import time

from truth import loop_waits_for_go


def fetch(seconds):
    time.sleep(seconds)


async def in_thread():
    for _ in range(10):
        await asyncio.sleep(0.05)


async def stops():
    await asyncio.sleep(0.05)
    fetch(0.3)
    raise SystemExit


def run_stopping():
    try:
        asyncio.run(stops())
    except SystemExit:
        pass


async def handle(how):
    if how == "block":
        fetch(60)
    elif how == "exit":
        fetch(0.3)
        os._exit(7)
    elif how == "raise":
        raise ValueError("of no use")
    elif how == "thread":
        # In sample mode nothing shows that its loop ends before its thread.
        thread = threading.Thread(target=asyncio.run, args=(in_thread(),))
        thread.start()
        await asyncio.to_thread(thread.join) if sys.version_info >= (3, 9) else thread.join()
    elif how == "lone":
        threading.Thread(target=run_stopping).start()
    elif how == "handle":
        asked = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
        await asked.wait()
        await asyncio.sleep(0.05)
        sys.exit(3)
    await asyncio.sleep(60)


async def main(how):
    await loop_waits_for_go()
    await asyncio.create_task(handle(how), name=f"to-{how}")


asyncio.run(main(sys.argv[2]))
