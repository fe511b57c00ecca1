"""A loop with too many callbacks to time each one, or with few, which stalls now and then.

    budget.py TRUTH spin    about 100,000 callbacks a second, by many tasks per iteration
    budget.py TRUTH seldom  20 callbacks a second

A spin measures itself in slices: the number of callbacks, the thread's CPU time for them, and
the CPU time of a piece of work without the loop, which cancels out the machine's speed.
Both end at the second order.
"""

import asyncio
import sys
import time

from truth import GroundTruth, compute, loop_waits_for_go

TASKS = 60
SLICE_S = 0.1
STALL_EACH = 13
WORK = 20000
TICK_S = 0.05


class Spin:
    def __init__(self, truth):
        self.truth = truth
        self.steps = 0
        self.spinning = True

    async def spin(self):
        while self.spinning:
            self.steps += 1
            await asyncio.sleep(0)

    @staticmethod
    def work():
        """CPU time of work that hits no probe."""
        begun = time.thread_time_ns()
        for _ in range(WORK):
            pass
        return time.thread_time_ns() - begun

    async def slice(self):
        self.spinning = True
        tasks = [asyncio.ensure_future(self.spin()) for _ in range(TASKS)]
        await asyncio.sleep(0)
        steps, begun, start = self.steps, time.thread_time_ns(), time.monotonic_ns()
        await asyncio.sleep(SLICE_S)
        slice = {"at": start, "until": time.monotonic_ns(), "steps": self.steps - steps,
                 "cpu_ns": time.thread_time_ns() - begun}
        self.spinning = False
        await asyncio.wait(tasks)
        slice["work_ns"] = self.work()
        self.truth.fact(slice=slice)

    async def stall(self, number):
        """Stalls of increasing length, which sleep and compute in turn."""
        seconds = 0.12 + number % 20 * 0.001
        self.truth.stall(seconds=seconds, work=compute if number % 2 else time.sleep)

    async def run(self, stop):
        slices = stalls = 0
        while not stop.done():
            await self.slice()
            slices += 1
            if slices % STALL_EACH == 0:
                # Other callbacks are ready meanwhile, as in a server.
                others = [asyncio.ensure_future(asyncio.sleep(0)) for _ in range(5)]
                await asyncio.create_task(self.stall(stalls), name=f"stall-{stalls}")
                await asyncio.wait(others)
                stalls += 1


async def tick():
    await asyncio.sleep(0)


async def seldom(truth, stop):
    ticks = 0
    while not stop.done():
        await asyncio.create_task(tick())
        ticks += 1
        await asyncio.sleep(TICK_S)
    # A task's first step, and one after the sleep.
    truth.count(tick, 2 * ticks)


async def main(path, mode):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    stop = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(Spin(truth).run(stop) if mode == "spin"
                                  else seldom(truth, stop))
    await loop_waits_for_go()
    stop.set_result(None)
    await running
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
