"""A server's master, which runs no loop; its workers, one of them a grandchild, stall their loops.

prefork.py TRUTH [LOOP]

With LOOP, the master runs an idle loop as well, in a thread.
"""

import asyncio
import os
import signal
import sys
import threading
import time

from truth import wait_for_go


async def stalls_often():
    while True:
        time.sleep(0.12)
        await asyncio.sleep(0.1)


def worker():
    asyncio.run(stalls_often())


def supervisor():
    if os.fork() == 0:
        worker()
    signal.pause()


def main(path, loop=None):
    for run in (worker, supervisor):
        if os.fork() == 0:
            # Ends the whole process group.
            run()
            os._exit(0)
    if loop:
        threading.Thread(target=asyncio.run, args=(asyncio.sleep(600),), daemon=True).start()
    time.sleep(0.3)
    wait_for_go()
    with open(path, "w", encoding="utf-8"):
        pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    os.setpgid(0, 0)
    main(*sys.argv[1:])
