"""Makes objects of one kind, in slices, to measure the cost that an option adds to each.

For each line on stdin, a kind and a number, it makes so many objects and answers with
the CPU time they took in nanoseconds. None of them gets lost. Between slices it is
blocked in read, so that others have the CPU.
"""

import asyncio
import collections
import heapq
import os
import time


async def nothing():
    pass


async def callback(times):
    for _ in range(times):
        await asyncio.sleep(0)


async def coroutine(times):
    for _ in range(times):
        await nothing()


async def task(times):
    for _ in range(times):
        await asyncio.create_task(nothing())


def empty():
    return
    yield


async def generator(times):
    for _ in range(times):
        for _ in empty():
            pass


async def exception(times):
    for _ in range(times):
        try:
            raise ValueError("a mistake")
        except ValueError:
            pass


async def append(times):
    queue = collections.deque(maxlen=1)
    for _ in range(times):
        queue.append(None)


async def push(times):
    heap = []
    for _ in range(times):
        heapq.heappush(heap, None)
        heap.pop()


KINDS = {make.__name__: make
         for make in (callback, coroutine, task, generator, exception, append, push)}


async def slices():
    while True:
        line = os.read(0, 64).split()
        if not line:
            return
        make, times = KINDS[line[0].decode()], int(line[1])
        start = time.thread_time_ns()
        await make(times)
        os.write(1, b"%d\n" % (time.thread_time_ns() - start))


asyncio.run(slices())
