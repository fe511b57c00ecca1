"""A loop that stalls now and then, and starts a child that does the same on "go".

latechild.py TRUTH
"""

import asyncio
import ctypes
import signal
import subprocess
import sys
import time

from truth import loop_waits_for_go

CHILD = "child"
PR_SET_PDEATHSIG = 1


async def stalls_often():
    while True:
        await asyncio.sleep(0.1)
        time.sleep(0.15)


async def parent():
    stalling = asyncio.create_task(stalls_often())
    await loop_waits_for_go()
    child = subprocess.Popen([sys.executable, __file__, sys.argv[1], CHILD],
                             stdin=subprocess.DEVNULL)
    await stalling
    child.wait()


if __name__ == "__main__":
    if sys.argv[2:] == [CHILD]:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        asyncio.run(stalls_often())
    else:
        asyncio.run(parent())
