"""Computes on a CPU that it shares with a process that wakes up thousands of times a second.

    preempted.py TRUTH

The ground truth has how many times each of its callbacks had to give up the CPU.
"""

import asyncio
import os
import resource
import sys
import time

from truth import GroundTruth, loop_waits_for_go

STALLS = 4
STALL_S = 0.3
PAUSE_S = 0.00005


def wake_up_until_parent_has_ended(parent):
    while os.getppid() == parent:
        time.sleep(PAUSE_S)
    os._exit(0)


async def main(path):
    truth, preempted = GroundTruth(path), []
    parent = os.getpid()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    await loop_waits_for_go()
    child = os.fork()
    if not child:
        wake_up_until_parent_has_ended(parent)
    for _ in range(STALLS):
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw
        end = time.monotonic() + STALL_S
        while time.monotonic() < end:
            pass
        preempted.append(resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw - before)
        await asyncio.sleep(0.05)
    truth.fact(preempted=preempted)
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
