"""Loops that other code runs: one that runs inside its callbacks, one of a window system.

    otherloops.py TRUTH nested|foreign

Each spends some time on waiting, which delays nothing, and some on blocking.
"""

import asyncio
import heapq
import select
import sys
import threading

from truth import GroundTruth, loop_waits_for_go

ROUNDS = 3
PAUSE_S = 0.15


class Nested(asyncio.SelectorEventLoop):
    """A callback may run the loop until a future is done."""

    def _run_once(self):
        # asyncio's own loop takes all ready callbacks first; here, a nested run may need some of
        # them.
        timeout = None
        if self._ready or self._stopping:
            timeout = 0
        elif self._scheduled:
            timeout = max(self._scheduled[0]._when - self.time(), 0)
        self._process_events(self._selector.select(timeout))
        self.run_ready()

    def run_ready(self):
        end = self.time() + self._clock_resolution
        while self._scheduled and self._scheduled[0]._when < end:
            self._ready.append(heapq.heappop(self._scheduled))
        for _ in range(len(self._ready)):
            if not self._ready:
                break
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()

    def run_forever(self):
        asyncio.events._set_running_loop(self)
        self._thread_id = threading.get_ident()
        try:
            while not self._stopping:
                self._run_once()
        finally:
            self._stopping = False
            self._thread_id = None
            asyncio.events._set_running_loop(None)

    def run_within(self, coroutine):
        outer = asyncio.current_task()
        task = self.create_task(coroutine)
        asyncio.tasks._leave_task(self, outer)
        try:
            while not task.done():
                self._run_once()
        finally:
            asyncio.tasks._enter_task(self, outer)


class Foreign(Nested):
    """Other code waits for all events, and calls asyncio's callbacks."""

    def run_forever(self):
        asyncio.events._set_running_loop(self)
        self._thread_id = threading.get_ident()
        waiting = select.poll()
        waiting.register(self._selector.fileno(), select.POLLIN)
        try:
            while not self._stopping:
                self.wait_for_something(waiting)
                self._process_events(self._selector.select(0))
                self.run_ready()
        finally:
            self._stopping = False
            self._thread_id = None
            asyncio.events._set_running_loop(None)

    _run_once = asyncio.BaseEventLoop._run_once  # this method is never called

    def wait_for_something(self, waiting):
        if self._ready:
            return
        due = self._scheduled[0]._when - self.time() if self._scheduled else 10
        waiting.poll(max(due, 0) * 1000)


async def blocks(truth):
    """Waits, which is idle time, and then blocks."""
    await asyncio.sleep(PAUSE_S)
    truth.stall()
    await asyncio.sleep(PAUSE_S)


def blocks_within(truth):
    asyncio.get_running_loop().run_within(blocks(truth))


async def beats():
    while True:
        await asyncio.sleep(0.02)


async def main(truth, nested):
    beating = asyncio.get_running_loop().create_task(beats(), name="beats")
    await loop_waits_for_go()
    for _ in range(ROUNDS):
        if nested:
            blocks_within(truth)
        else:
            await blocks(truth)
        await asyncio.sleep(0.05)
    beating.cancel()
    truth.write()


if __name__ == "__main__":
    kind = sys.argv[2]
    (Nested if kind == "nested" else Foreign)().run_until_complete(
        main(GroundTruth(sys.argv[1]), kind == "nested"))
