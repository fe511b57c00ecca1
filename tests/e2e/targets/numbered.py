"""Runs a known number of callbacks, which begin with the first one of its loop.

    numbered.py TRUTH [STATUS]

The first and the last callback are slow. Ends with STATUS.
"""

import asyncio
import os
import sys

from truth import GroundTruth, wait_for_go

CALLBACKS = 500


def first(truth):
    truth.stall(of=first)


def numbered(numbers, number):
    numbers.append(number)


def last(truth, loop):
    truth.stall(of=last)
    loop.stop()


def program(path, status="0"):
    truth = GroundTruth(path)
    numbers = []
    wait_for_go()
    loop = asyncio.new_event_loop()
    loop.call_soon(first, truth)
    for number in range(CALLBACKS):
        loop.call_soon(numbered, numbers, number)
    loop.call_soon(last, truth, loop)
    loop.run_forever()
    loop.close()
    truth.count(first, 1)
    truth.count(numbered, len(numbers))
    truth.count(last, 1)
    truth.fact(uid=os.getuid(), gid=os.getgid(), groups=os.getgroups(), pid=os.getpid())
    truth.write()
    return int(status)


if __name__ == "__main__":
    sys.exit(program(*sys.argv[1:]))
