"""Several loops one after the other in one thread, with blocking work in between.

What the thread does between two loops delays no callback: it is not reported. Each
run has another chain of calls above it, so that the stack pointer differs.
"""

import asyncio
import functools
import sys
import time

from truth import GroundTruth, compute, wait_for_go

TICKS = 50


async def ticker():
    for _ in range(TICKS):
        await asyncio.sleep(0.001)


async def stalls(truth):
    await asyncio.sleep(0.001)
    truth.stall()
    await asyncio.sleep(0.001)


async def stalls_at_the_end(truth):
    """After this step the loop ends."""
    truth.stall()


async def main(truth):
    await asyncio.gather(ticker(), asyncio.get_running_loop().create_task(stalls(truth)))


def directly(truth):
    asyncio.run(main(truth))


def deeper(levels):
    """Calls through C at each level: from 3.11 on, calls of Python functions use no C stack."""
    def run(truth):
        if levels:
            return list(map(deeper(levels - 1), [truth]))
        return asyncio.run(main(truth))

    return run


def by_hand(truth):
    """A loop that runs three times, with work in between, before it is closed."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main(truth))
    time.sleep(0.3)
    loop.run_until_complete(stalls_at_the_end(truth))
    time.sleep(0.3)
    functools.reduce(lambda _, run: run(truth), [lambda truth: loop.run_until_complete(
        main(truth))], None)
    loop.close()


def program(path):
    truth = GroundTruth(path)
    wait_for_go()
    runs = [directly, deeper(6), deeper(1), directly]
    for i, run in enumerate(runs):
        run(truth)
        # This blocks and then computes; neither is part of a callback.
        time.sleep(0.5)
        if i == 1:
            compute(0.3)
    by_hand(truth)
    time.sleep(0.5)
    asyncio.run(stalls_at_the_end(truth))
    time.sleep(0.3)
    asyncio.run(main(truth))
    truth.count(ticker, (len(runs) + 3) * (TICKS + 1))
    truth.count(stalls, (len(runs) + 3) * 3)
    truth.count(stalls_at_the_end, 2)
    truth.write()


if __name__ == "__main__":
    program(sys.argv[1])
