"""Runs a number of callbacks per second (the argument), in small bursts as a server does.

Prints "ready" when its loop runs, and at the end of its stdin how many it ran in
how many nanoseconds.
"""

import asyncio
import sys
import time

BURST = 5


class Pace:
    def __init__(self, rate):
        self.rate = rate
        self.done = 0
        self.start = time.monotonic_ns()

    def callback(self):
        self.done += 1

    async def run(self, ended):
        loop = asyncio.get_running_loop()
        while not ended.is_set():
            await asyncio.sleep(BURST / self.rate)
            due = (time.monotonic_ns() - self.start) * self.rate // 10**9
            # The timer's and this task's own callbacks count as well.
            self.done += 2
            while self.done < due:
                for _ in range(min(BURST, due - self.done)):
                    loop.call_soon(self.callback)
                await asyncio.sleep(0)
                self.done += 1


async def main(rate):
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def on_stdin():
        if not sys.stdin.readline():
            loop.remove_reader(0)
            ended.set()

    loop.add_reader(0, on_stdin)
    pace = Pace(rate)
    print("ready", flush=True)
    await pace.run(ended)
    print(pace.done, time.monotonic_ns() - pace.start, flush=True)


asyncio.run(main(int(sys.argv[1])))
