"""Callbacks that do what loops do: they run contexts, poll, and start other loops.

None of that is a callback or an iteration of the loop.
"""

import asyncio
import contextvars
import functools
import select
import subprocess
import sys
import threading
import time

from truth import GroundTruth, loop_waits_for_go

THREAD_TICKS = 30
SHORT = 0.05
LONG = 0.12


# ---- calls that are no callbacks ----


def work_in_context(seconds):
    time.sleep(seconds)


def work_in_thread(seconds):
    time.sleep(seconds)


# ---- callbacks ----


def runs_context(truth, done):
    truth.stall(of=runs_context, work=functools.partial(contextvars.Context().run, time.sleep))
    done()


def runs_copy(truth, done):
    truth.stall(of=runs_copy, work=functools.partial(contextvars.copy_context().run,
                                                     work_in_context))
    done()


def runs_contexts_first(truth, done):
    """The stall comes after contexts were entered and left."""
    start = time.monotonic_ns()
    for _ in range(3):
        contextvars.copy_context().run(work_in_context, 0.01)
    time.sleep(LONG)
    truth.stalled(start, time.monotonic_ns(), of=runs_contexts_first, frame=sys._getframe())
    done()


def runs_contexts_last(truth, done):
    """Two halves of a stall, neither of which is slow; contexts are entered in between."""
    start = time.monotonic_ns()
    time.sleep(SHORT)
    for _ in range(3):
        contextvars.copy_context().run(work_in_context, 0.01)
    time.sleep(SHORT)
    truth.stalled(start, time.monotonic_ns(), of=runs_contexts_last, frame=sys._getframe())
    done()


def contexts_in_contexts(truth, done):
    def deeper(level):
        if level:
            contextvars.copy_context().run(deeper, level - 1)
        else:
            time.sleep(LONG)

    start = time.monotonic_ns()
    deeper(5)
    truth.stalled(start, time.monotonic_ns(), of=contexts_in_contexts, frame=sys._getframe())
    done()


def selects(truth, done):
    truth.stall(of=selects, work=lambda seconds: select.select([], [], [], seconds))
    done()


def polls(truth, done):
    truth.stall(of=polls, work=lambda seconds: select.poll().poll(seconds * 1000))
    done()


def epolls(truth, done):
    def work(seconds):
        with select.epoll() as epoll:
            epoll.poll(seconds)

    truth.stall(of=epolls, work=work)
    done()


def polls_often(truth, done):
    """Many short polls in one callback."""
    start = time.monotonic_ns()
    for _ in range(24):
        select.select([], [], [], 0.005)
    truth.stalled(start, time.monotonic_ns(), of=polls_often, frame=sys._getframe())
    done()


def polls_in_context(truth, done):
    def work(seconds):
        contextvars.copy_context().run(select.select, [], [], [], seconds)

    truth.stall(of=polls_in_context, work=work)
    done()


def runs_process(truth, done):
    """communicate() polls the pipes of the child."""
    def work(seconds):
        command = "import time; time.sleep(%f)" % seconds
        subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, check=True)

    truth.stall(of=runs_process, work=work)
    done()


CALLBACKS = [runs_context, runs_copy, runs_contexts_first, runs_contexts_last,
             contexts_in_contexts, selects, polls, epolls, polls_often, polls_in_context,
             runs_process]


# ---- tasks ----


async def step_runs_context(truth):
    await asyncio.sleep(0)
    truth.stall(work=lambda seconds: contextvars.copy_context().run(work_in_context, seconds))
    await asyncio.sleep(0)


async def step_polls(truth):
    await asyncio.sleep(0.001)
    truth.stall(work=lambda seconds: select.select([], [], [], seconds))
    await asyncio.sleep(0.001)


async def uses_threads(truth):
    """The loop idles while threads work in contexts of their own."""
    loop = asyncio.get_running_loop()
    jobs = []
    for _ in range(4):
        context = contextvars.copy_context()
        jobs.append(loop.run_in_executor(None, context.run, work_in_thread, 0.15))
    if hasattr(asyncio, "to_thread"):
        jobs.append(asyncio.to_thread(work_in_thread, 0.15))
    await asyncio.gather(*jobs)


async def stalls_beside_threads(truth):
    """A worker enters contexts while the loop is in a callback."""
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            contextvars.copy_context().run(work_in_thread, 0.002)

    job = loop.run_in_executor(None, busy)
    await asyncio.sleep(0.01)
    truth.stall()
    await asyncio.sleep(0.01)
    stop.set()
    await job


async def eager_body(truth, creator):
    """An eager task runs its first step inside the step that creates it."""
    truth.stall(task=creator)


async def creates_eager(truth):
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is None:
        return
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.001)
    await factory(loop, eager_body(truth, asyncio.current_task()))


# ---- a second loop ----


async def thread_ticker():
    for _ in range(THREAD_TICKS):
        await asyncio.sleep(0.001)


async def thread_main(truth):
    await thread_ticker()
    truth.stall()
    await asyncio.create_task(thread_ticker())
    await asyncio.sleep(0.001)
    truth.stall()


async def second_loop(truth):
    """A loop in another thread; both loops stall, at different times."""
    thread = threading.Thread(target=lambda: asyncio.run(thread_main(truth)), name="second")
    thread.start()
    await asyncio.sleep(0.05)
    truth.stall()
    while thread.is_alive():
        await asyncio.sleep(0.01)
    thread.join()
    truth.count(thread_ticker, THREAD_TICKS + 1)


async def main(path):
    truth = GroundTruth(path)
    loop = asyncio.get_running_loop()
    await loop_waits_for_go()
    for callback in CALLBACKS:
        done = loop.create_future()
        loop.call_soon(callback, truth, functools.partial(done.set_result, None))
        await done
        await asyncio.sleep(0.002)
        truth.count(callback, 1)
    for coroutine in (step_runs_context, step_polls, uses_threads, stalls_beside_threads,
                      creates_eager, second_loop):
        await loop.create_task(coroutine(truth), name=coroutine.__name__)
    truth.count(step_runs_context, 3)
    truth.count(step_polls, 3)
    truth.count(work_in_context, 0)
    truth.count(work_in_thread, 0)
    # its step holds the loop for long, and counts for it
    truth.count(eager_body, int(hasattr(asyncio, "eager_task_factory")))
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
