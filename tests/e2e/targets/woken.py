"""A loop waits for a lock that one thread acquired and another one releases.

    woken.py TRUTH

After "go" the task 'wants' waits; after another line the thread 'releaser' ends its wait. Then the
task 'gives_up' waits until its timeout.
"""

import asyncio
import os
import sys
import threading

from truth import GroundTruth, attended, loop_waits_for_go

LOCK = threading.Lock()


def let_go(truth):
    truth.fact(tid=threading.get_native_id(), line=sys._getframe().f_lineno + 3)
    if attended():
        os.read(0, 64)
    LOCK.release()
    # the thread lives on while its name is read
    threading.Event().wait(5)


async def want(seconds):
    LOCK.acquire(timeout=seconds)


async def main(path):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    taker = threading.Thread(target=LOCK.acquire, name="taker")
    taker.start()
    taker.join()
    threading.Thread(target=let_go, args=(truth,), name="releaser", daemon=True).start()
    loop = asyncio.get_running_loop()
    for name, seconds in (("wants", 60), ("gives_up", 0.3)):
        task = loop.create_task(want(seconds))
        task.set_name(name)
        await task
    truth.write()


asyncio.run(main(sys.argv[1]))
