"""Callbacks that lose their CPU before they are late, and end right after they got it back.

    losescpu.py TRUTH TIMES

A child with a real-time priority on the same CPU takes it for as many ms as the byte that it is
sent says. Each kind of callback runs TIMES times, in tasks of its name. The ground truth has, for
each, how often it lost the CPU for that long, and the functions that are to be in its stacks.
"""

import asyncio
import os
import sys
import time

from truth import GroundTruth, loop_waits_for_go

LONG_MS, WHILE_MS, SHORT_MS = 150, 50, 2
# The kernel gives the CPU to others if processes with a real-time priority take most of it.
PAUSE_S = 0.15
# The child waits this long before it takes the CPU from a call that takes longer.
DELAY_S = 0.001
AFTER_DELAY, ANSWER = 1, 2
NUMBERS = 1_000_000


def take_the_cpu(requests, answers):
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write("takes-the-cpu")
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    while True:
        request = os.read(requests, 2)
        if not request:
            return
        if request[1]:
            time.sleep(DELAY_S)
        if request[1] == ANSWER:
            os.write(answers, b".")
        end = time.monotonic() + request[0] / 1000
        while time.monotonic() < end:
            pass


def at_once(child):
    os.write(child.requests, bytes((LONG_MS, 0)))


def for_a_moment(child):
    os.write(child.requests, bytes((SHORT_MS, 0)))


def for_a_while(child):
    os.write(child.requests, bytes((WHILE_MS, 0)))


def a_moment_before(child):
    for_a_moment(child)
    at_once(child)


def a_while_before(child):
    for_a_while(child)
    at_once(child)


def in_c(child):
    os.write(child.requests, bytes((LONG_MS, AFTER_DELAY)))
    sum(range(child.enough))


def for_an_answer(child):
    os.read(child.answers, 1)


def after_a_call(child):
    os.write(child.requests, bytes((LONG_MS, ANSWER)))
    for_an_answer(child)


# The functions that lose the CPU in each kind of callback.
KINDS = {
    at_once: [at_once],
    a_moment_before: [at_once],
    a_while_before: [for_a_while, at_once],
    in_c: [in_c],
    after_a_call: [for_an_answer],
}


class Child:
    def __init__(self):
        reading, self.requests = os.pipe()
        self.answers, writing = os.pipe()
        if not os.fork():
            os.close(self.requests)
            take_the_cpu(reading, writing)
            os._exit(0)
        os.close(reading)
        begun = time.monotonic()
        sum(range(NUMBERS))
        # as many numbers as are added in a few times the child's delay
        self.enough = int(4 * DELAY_S / (time.monotonic() - begun) * NUMBERS)


async def call(kind, child, lost):
    begun = time.monotonic()
    kind(child)
    lost[kind.__name__] += time.monotonic() - begun > LONG_MS / 1000


async def main(child, times, lost):
    await loop_waits_for_go()
    for kind in KINDS:
        for _ in range(times):
            step = asyncio.get_running_loop().create_task(call(kind, child, lost))
            step.set_name(kind.__name__)
            await step
            await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    truth = GroundTruth(sys.argv[1])
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    times_lost = {kind.__name__: 0 for kind in KINDS}
    asyncio.run(main(Child(), int(sys.argv[2]), times_lost))
    truth.fact(lost=times_lost)
    truth.fact(stacks={kind.__name__: [function.__name__ for function in functions]
                       for kind, functions in KINDS.items()})
    truth.write()
