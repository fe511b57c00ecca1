"""Children with loops of their own: one is forked, one is a new program.

    forks.py TRUTH

The children write TRUTH.forked and TRUTH.started; the parent's loop runs meanwhile. All of them
stall once there is a file TRUTH.noticed.
"""

import asyncio
import os
import subprocess
import sys

from truth import GroundTruth, loop_waits_for_go

CHILD = "child"


async def stalls(truth, noticed):
    while not os.path.exists(noticed):
        await asyncio.sleep(0.02)
    truth.stall()
    await asyncio.sleep(0.01)


def child(path):
    truth = GroundTruth(path)
    noticed = os.path.splitext(path)[0] + ".noticed"

    async def main():
        await asyncio.create_task(stalls(truth, noticed), name=os.path.basename(path))
        truth.write()

    asyncio.run(main())


def forked(path):
    """A child without exec, which has a copy of its parent's loop."""
    pid = os.fork()
    if pid == 0:
        # The parent's loop is still the running loop of this thread.
        asyncio.events._set_running_loop(None)
        try:
            child(path)
        finally:
            os._exit(0)
    return pid


async def main(path):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    pid = forked(path + ".forked")
    process = subprocess.Popen([sys.executable, __file__, path + ".started", CHILD],
                               stdin=subprocess.DEVNULL)
    await asyncio.create_task(stalls(truth, path + ".noticed"), name="parent")
    truth.fact(forked=pid, started=process.pid)
    while process.poll() is None:
        await asyncio.sleep(0.02)
    os.waitpid(pid, 0)
    truth.write()


if __name__ == "__main__":
    if sys.argv[2:] == [CHILD]:
        child(sys.argv[1])
    else:
        asyncio.run(main(sys.argv[1]))
