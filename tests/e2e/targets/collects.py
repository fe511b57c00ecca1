"""Callbacks that collect garbage, with the time of each collection by the program's own clock.

collects.py TRUTH COUNT

Facts: "collected", a list of [name of the task, generation, ns].
"""

import asyncio
import gc
import sys
import time

from truth import GroundTruth, loop_waits_for_go

HEAP = 150_000  # lists, of which a collection takes a few ms
HOLD_S = 0.12


class Clock:
    """Times each collection by the callbacks of module gc."""

    def __init__(self):
        self.begun, self.ended = 0, []

    def __call__(self, phase, info):
        if phase == "start":
            self.begun = time.monotonic_ns()
        else:
            self.ended.append((info["generation"], time.monotonic_ns() - self.begun))


async def collects(clock, generation, most):
    """Computes in a step of its own, and collects at most this often."""
    await asyncio.sleep(0.02)
    clock.ended.clear()
    deadline = time.monotonic() + HOLD_S
    while time.monotonic() < deadline:
        if len(clock.ended) < most:
            gc.collect(generation)
    return list(clock.ended)


async def main(path, count):
    truth = GroundTruth(path)
    heap = [[] for _ in range(HEAP)]
    for one in heap:
        one.append(one)
    clock, collected = Clock(), []
    gc.disable()
    gc.callbacks.append(clock)
    await loop_waits_for_go()
    for number in range(int(count)):
        # The oldest generation has every object; all go there at the first collection. The ring of
        # the oldest has three collections, so that more are known only in part.
        most = 2 if number % 2 == 0 else 6
        name = f"of 2, {most}, {number}"
        ended = await asyncio.create_task(collects(clock, 2, most), name=name)
        collected += [[name, generation, ns] for generation, ns in ended]
    truth.fact(collected=collected)
    truth.write()
    del heap


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
