"""Stalls and lost coroutines in constructors, whose calls the interpreter has specialised.

    constructs.py TRUTH

In constructors within constructors, the task "constructs" loses a coroutine, stalls, and holds the
loop until it reads a line. The fact "stack" has the functions of Python's own traceback, from the
constructor's caller on.
"""

import asyncio
import os
import sys
import traceback

from truth import GroundTruth, attended, loop_waits_for_go

CALLS_UNTIL_SPECIALISED = 200


class Inner:
    def __init__(self, work):
        work()


class Outer:
    def __init__(self, work):
        self.inner = Inner(work)


def construct(work):
    return Outer(work)


async def lost():
    pass


def wait_for_line():
    print("held", flush=True)
    if attended():
        os.read(0, 64)


async def constructs(truth):
    def note():
        functions = [frame.name for frame in reversed(traceback.extract_stack())]
        truth.fact(stack=functions[functions.index("note") + 1:functions.index("constructs") + 1])

    for _ in range(CALLS_UNTIL_SPECIALISED):
        construct(int)
    construct(note)
    construct(lost)
    construct(truth.stall)
    truth.write()
    construct(wait_for_line)


async def main(path):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    task = asyncio.get_running_loop().create_task(constructs(truth))
    task.set_name("constructs")
    await task


asyncio.run(main(sys.argv[1]))
