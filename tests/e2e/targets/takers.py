"""A callback that waits for its CPU while three others have it in turn, the second for longest.

    takers.py TRUTH TIMES [CALLBACKS]

CALLBACKS is the number of such callbacks in one iteration, 1 if it is left out.

Three children on the same CPU have real-time priorities. The callback wakes the one with the
highest priority, and that wakes the others, which therefore run after it. The ground truth has the
names of the children with the time, in ms, for which each has the CPU.
"""

import asyncio
import os
import sys
import time

from truth import GroundTruth, loop_waits_for_go

# In the order in which they have the CPU: names and times.
TAKERS = {"taker-first": 5, "taker-second": 150, "taker-last": 5}
# The kernel gives the CPU to others if processes with a real-time priority take most of it.
PAUSE_S = 0.3


def take_the_cpu(name, milliseconds, priority, request, following):
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write(name)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    while os.read(request, 1):
        for other in following:
            os.write(other, b".")
        end = time.monotonic() + milliseconds / 1000
        while time.monotonic() < end:
            pass


def start_takers():
    """Returns the descriptor by which the first one is woken."""
    pipes = [os.pipe() for _ in TAKERS]
    for number, (name, milliseconds) in enumerate(TAKERS.items()):
        if os.fork():
            continue
        following = [writing for _, writing in pipes[1:]] if not number else []
        for other, (_, writing) in enumerate(pipes):
            if number or not other:
                os.close(writing)
        take_the_cpu(name, milliseconds, len(TAKERS) - number, pipes[number][0], following)
        os._exit(0)
    for _, writing in pipes[1:]:
        os.close(writing)
    return pipes[0][1]


def lose_the_cpu(request):
    os.write(request, b".")


async def main(request, times, callbacks):
    await loop_waits_for_go()
    for _ in range(times):
        for _ in range(callbacks):
            asyncio.get_running_loop().call_soon(lose_the_cpu, request)
        await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    truth = GroundTruth(sys.argv[1])
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    asyncio.run(main(start_takers(), *map(int, (sys.argv[2:] + ["1"])[:2])))
    truth.fact(takers=TAKERS)
    truth.write()
