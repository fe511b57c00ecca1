"""Does what resembles a loss but is none, and notes how long its tasks live.

    clean.py TRUTH

A lifetime is a fact, {"life": {"name", "file", "line", "returned", "raised", "cancelled",
"life_ns", "running_ns", "waiting_ns"}}; the last three are lists with a number for each task.
"""

import asyncio
import collections
import concurrent.futures
import contextlib
import gc
import logging
import sys
import threading
import time
import warnings

from truth import GroundTruth, compute, loop_waits_for_go, source_of

STEP_S = 0.005


# ---- lifetimes of known length ----


class Lifetimes:
    def __init__(self, function, **outcomes):
        self.row = dict({"returned": 0, "raised": 0, "cancelled": 0}, **source_of(function))
        self.row.update(outcomes, life_ns=[], running_ns=[], waiting_ns=[])
        self._function = function

    def start(self, *arguments):
        born = time.monotonic_ns()
        return asyncio.get_running_loop().create_task(self._function(self, born, *arguments))

    @contextlib.contextmanager
    def lived(self, born):
        """The body of the with statement is running time of the task, except for its waits."""
        try:
            yield
        finally:
            self.row["life_ns"].append(time.monotonic_ns() - born)

    async def waits(self, seconds):
        start = time.monotonic_ns()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.row["waiting_ns"].append(time.monotonic_ns() - start)

    def runs(self, seconds):
        start = time.monotonic_ns()
        compute(seconds)
        self.row["running_ns"].append(time.monotonic_ns() - start)


async def runs_to_its_end(lifetimes, born):
    with lifetimes.lived(born):
        lifetimes.runs(STEP_S)
        await lifetimes.waits(0.1)


async def runs_until_it_raises(lifetimes, born):
    with lifetimes.lived(born):
        lifetimes.runs(2 * STEP_S)
        await lifetimes.waits(0.03)
        raise KeyError("handled")


async def runs_until_cancelled(lifetimes, born):
    with lifetimes.lived(born):
        lifetimes.runs(STEP_S)
        await lifetimes.waits(3600)


async def known_lifetimes(truth):
    kinds = (Lifetimes(runs_to_its_end, returned=10), Lifetimes(runs_until_it_raises, raised=4),
             Lifetimes(runs_until_cancelled, cancelled=3))
    tasks = [lifetimes.start() for lifetimes, count in zip(kinds, (10, 4, 3)) for _ in range(count)]
    await asyncio.sleep(0.15)
    for task in tasks[-3:]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for lifetimes in kinds:
        truth.fact(life=lifetimes.row)


# ---- exceptions ----


async def fails(error, after=0):
    await asyncio.sleep(after)
    raise error


async def handles_exceptions():
    loop = asyncio.get_running_loop()
    asked = loop.create_task(fails(ValueError("asked for")))
    await asyncio.wait([asked])
    if not isinstance(asked.exception(), ValueError):
        raise AssertionError("lost")
    with contextlib.suppress(ValueError):
        await loop.create_task(fails(ValueError("awaited")))
    # The second one fails when gather() has returned; gather() retrieves that exception too.
    with contextlib.suppress(KeyError):
        await asyncio.gather(fails(KeyError("first")), fails(KeyError("second"), 0.01))
    await asyncio.gather(fails(OSError("returned")), return_exceptions=True)
    future = loop.create_future()
    future.set_exception(RuntimeError("retrieved from a future"))
    with contextlib.suppress(RuntimeError):
        await future
    if sys.version_info >= (3, 11):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails(ValueError("grouped")))
                group.create_task(asyncio.sleep(3600))
        except BaseExceptionGroup:  # noqa: F821: not there before 3.11
            pass
    await asyncio.sleep(0.02)


def raises(error):
    raise error


def swallows():
    """Handles errors of its own which have the types of those that are reported."""
    for text in ("own", "no more than this", "the event loop of my heart is closed", ""):
        with contextlib.suppress(RuntimeError):
            raises(RuntimeError(text))
    with contextlib.suppress(RuntimeError):
        raises(RuntimeError())
    with contextlib.suppress(RuntimeError):
        raises(RuntimeError(17, "two arguments"))
    for _ in range(100):
        with contextlib.suppress(KeyError):
            {}["missing"]  # noqa: B018
    with contextlib.suppress(StopIteration):
        next(iter(()))


def warns():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("something of its own")
        warnings.warn("deprecated", DeprecationWarning, 2)
        warnings.warn("coroutine 'imagined' was never awaited", RuntimeWarning)
        warnings.warn(RuntimeWarning("coroutine"))


# ---- coroutines and tasks that end well ----


async def returns(value=None):
    return value


async def counts(limit):
    for number in range(limit):
        yield number
        await asyncio.sleep(0)


async def awaits_much():
    for number in range(200):
        if await returns(number) != number:
            raise AssertionError(number)
    await asyncio.gather(*[asyncio.sleep(0.001 * number) for number in range(20)])
    async for number in counts(100):
        if number == 5:
            break
    unused = returns()
    unused.close()
    unbegun = asyncio.get_running_loop().create_task(returns())
    unbegun.cancel()
    await asyncio.wait([unbegun])
    for limit in (0.01, 10):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.sleep(0.05), limit)
    cancelled = asyncio.get_running_loop().create_task(asyncio.sleep(3600))
    await asyncio.sleep(0)
    cancelled.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await cancelled
    del unused, unbegun, cancelled
    gc.collect()


async def locks_and_queues():
    lock, queue = asyncio.Lock(), asyncio.Queue(1)

    async def puts():
        for number in range(20):
            async with lock:
                await asyncio.sleep(0)
            await queue.put(number)

    putting = asyncio.get_running_loop().create_task(puts())
    for number in range(20):
        if await queue.get() != number:
            raise AssertionError(number)
    await putting


# ---- threads and other loops ----


def speaks_from_thread(loop, future, shared):
    for number in range(50):
        shared.append((number, loop))
        shared.append(loop.call_soon_threadsafe)
    for _ in range(20):
        loop.call_soon_threadsafe(shared.clear)
    loop.call_soon_threadsafe(future.set_result, None)


def thread_without_loop():
    """A thread's own loops, which are closed properly."""
    asyncio.run(returns())
    loop = asyncio.new_event_loop()
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    loop.close()
    # Code that may be called with or without a loop asks like this, and from 3.12 on logging does
    # so for each record.
    if asyncio._get_running_loop() is not None:
        raise AssertionError("there is no loop here")
    logger = logging.getLogger("thread without a loop")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.warning("not lost")


def runs_loop_of_other(loop):
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()


async def uses_loop_of_other_thread():
    """Before a loop runs, the thread that made it may schedule callbacks.

    One of several short-lived loops has the address of another one that ran in another thread.
    """
    for _ in range(10):
        other = asyncio.new_event_loop()
        other.call_soon(returns().close)
        thread = threading.Thread(target=runs_loop_of_other, args=(other,))
        thread.start()
        done = asyncio.run_coroutine_threadsafe(returns(7), other)
        if await asyncio.wrap_future(done) != 7:
            raise AssertionError("not what it returns")
        other.call_soon_threadsafe(other.stop)
        await ended(thread)


async def ended(*threads):
    while any(thread.is_alive() for thread in threads):
        await asyncio.sleep(0.005)


async def uses_threads():
    loop = asyncio.get_running_loop()
    future, shared = loop.create_future(), collections.deque()
    threads = [threading.Thread(target=speaks_from_thread, args=(loop, future, shared)),
               threading.Thread(target=thread_without_loop)]
    for thread in threads:
        thread.start()
    await future
    await ended(*threads)
    await uses_loop_of_other_thread()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        await asyncio.gather(*[loop.run_in_executor(pool, time.sleep, 0.001) for _ in range(20)])
    await loop.run_in_executor(None, swallows)
    child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-E", "-c", "")
    await child.wait()


async def main(path):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    await known_lifetimes(truth)
    await handles_exceptions()
    swallows()
    warns()
    await awaits_much()
    await locks_and_queues()
    await uses_threads()
    gc.collect()
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
