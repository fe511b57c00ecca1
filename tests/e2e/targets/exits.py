"""Stalls once, and ends in one of the ways in which a process can end, inside a callback.

exits.py TRUTH return|exception|_exit|kill
"""

import asyncio
import os
import signal
import sys

from truth import GroundTruth, loop_waits_for_go


def end(how):
    if how == "_exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exception":
        raise SystemExit(3)


async def stalls(truth):
    truth.stall()


async def main(path, how):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    await asyncio.create_task(stalls(truth), name="last")
    await asyncio.sleep(0.01)
    truth.write()
    await asyncio.sleep(0.01)
    end(how)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
