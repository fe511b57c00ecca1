"""A process with a loop that forks three children.

    forked.py TRUTH

All children exist once the program is ready: a worker of a process pool that works for
long, a child of os.fork() that sleeps, and one that starts a loop and stalls it. They
end with their parent.
"""

import asyncio
import concurrent.futures
import ctypes
import multiprocessing
import os
import signal
import sys
import time

from truth import loop_waits_for_go

PR_SET_PDEATHSIG = 1
LONG_S = 60


def ends_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def work():
    ends_with_parent()
    time.sleep(LONG_S)


async def stalls_often():
    while True:
        time.sleep(0.12)
        await asyncio.sleep(0.1)


def fork(run):
    pid = os.fork()
    if pid == 0:
        ends_with_parent()
        run()
        os._exit(0)
    return pid


async def beats():
    while True:
        await asyncio.sleep(0.05)


async def main(path):
    beating = asyncio.create_task(beats(), name="beating")
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.1)
    if os.path.isdir("/dev/shm"):
        pool = concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork"))
        job = loop.run_in_executor(pool, work)
        job.add_done_callback(print)
    else:
        # Pools need shared memory.
        fork(work)
    fork(work)
    fork(lambda: asyncio.run(stalls_often()))
    await asyncio.sleep(0.3)
    await loop_waits_for_go()
    with open(path, "w", encoding="utf-8"):
        pass
    beating.cancel()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
