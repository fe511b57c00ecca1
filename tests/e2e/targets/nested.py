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

from books import Books, loop_waits_for_go

THREAD_TICKS = 30
SHORT = 0.05
LONG = 0.12


# ---- calls that are no callbacks ----


def work_in_context(seconds):
    time.sleep(seconds)


def work_in_thread(seconds):
    time.sleep(seconds)


# ---- callbacks ----


def runs_context(books, done):
    books.stall(of=runs_context, work=functools.partial(contextvars.Context().run, time.sleep))
    done()


def runs_copy(books, done):
    books.stall(of=runs_copy, work=functools.partial(contextvars.copy_context().run,
                                                     work_in_context))
    done()


def runs_contexts_first(books, done):
    """The stall comes after contexts were entered and left."""
    start = time.monotonic_ns()
    for _ in range(3):
        contextvars.copy_context().run(work_in_context, 0.01)
    time.sleep(LONG)
    books.stalled(start, time.monotonic_ns(), of=runs_contexts_first, frame=sys._getframe())
    done()


def runs_contexts_last(books, done):
    """Two halves of a stall, neither of which is slow; contexts are entered in between."""
    start = time.monotonic_ns()
    time.sleep(SHORT)
    for _ in range(3):
        contextvars.copy_context().run(work_in_context, 0.01)
    time.sleep(SHORT)
    books.stalled(start, time.monotonic_ns(), of=runs_contexts_last, frame=sys._getframe())
    done()


def contexts_in_contexts(books, done):
    def deeper(level):
        if level:
            contextvars.copy_context().run(deeper, level - 1)
        else:
            time.sleep(LONG)

    start = time.monotonic_ns()
    deeper(5)
    books.stalled(start, time.monotonic_ns(), of=contexts_in_contexts, frame=sys._getframe())
    done()


def selects(books, done):
    books.stall(of=selects, work=lambda seconds: select.select([], [], [], seconds))
    done()


def polls(books, done):
    books.stall(of=polls, work=lambda seconds: select.poll().poll(seconds * 1000))
    done()


def epolls(books, done):
    def work(seconds):
        with select.epoll() as epoll:
            epoll.poll(seconds)

    books.stall(of=epolls, work=work)
    done()


def polls_often(books, done):
    """Many short polls in one callback."""
    start = time.monotonic_ns()
    for _ in range(24):
        select.select([], [], [], 0.005)
    books.stalled(start, time.monotonic_ns(), of=polls_often, frame=sys._getframe())
    done()


def polls_in_context(books, done):
    def work(seconds):
        contextvars.copy_context().run(select.select, [], [], [], seconds)

    books.stall(of=polls_in_context, work=work)
    done()


def runs_process(books, done):
    """communicate() polls the pipes of the child."""
    def work(seconds):
        command = "import time; time.sleep(%f)" % seconds
        subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, check=True)

    books.stall(of=runs_process, work=work)
    done()


CALLBACKS = [runs_context, runs_copy, runs_contexts_first, runs_contexts_last,
             contexts_in_contexts, selects, polls, epolls, polls_often, polls_in_context,
             runs_process]


# ---- tasks ----


async def step_runs_context(books):
    await asyncio.sleep(0)
    books.stall(work=lambda seconds: contextvars.copy_context().run(work_in_context, seconds))
    await asyncio.sleep(0)


async def step_polls(books):
    await asyncio.sleep(0.001)
    books.stall(work=lambda seconds: select.select([], [], [], seconds))
    await asyncio.sleep(0.001)


async def uses_threads(books):
    """The loop idles while threads work in contexts of their own."""
    loop = asyncio.get_running_loop()
    jobs = []
    for _ in range(4):
        context = contextvars.copy_context()
        jobs.append(loop.run_in_executor(None, context.run, work_in_thread, 0.15))
    if hasattr(asyncio, "to_thread"):
        jobs.append(asyncio.to_thread(work_in_thread, 0.15))
    await asyncio.gather(*jobs)


async def stalls_beside_threads(books):
    """A worker enters contexts while the loop is in a callback."""
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            contextvars.copy_context().run(work_in_thread, 0.002)

    job = loop.run_in_executor(None, busy)
    await asyncio.sleep(0.01)
    books.stall()
    await asyncio.sleep(0.01)
    stop.set()
    await job


async def eager_body(books, creator):
    """An eager task runs its first step inside the step that creates it."""
    books.stall(task=creator)


async def creates_eager(books):
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is None:
        return
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.001)
    await factory(loop, eager_body(books, asyncio.current_task()))


# ---- a second loop ----


async def thread_ticker():
    for _ in range(THREAD_TICKS):
        await asyncio.sleep(0.001)


async def thread_main(books):
    await thread_ticker()
    books.stall()
    await asyncio.create_task(thread_ticker())
    await asyncio.sleep(0.001)
    books.stall()


async def second_loop(books):
    """A loop in another thread; both loops stall, at different times."""
    thread = threading.Thread(target=lambda: asyncio.run(thread_main(books)), name="second")
    thread.start()
    await asyncio.sleep(0.05)
    books.stall()
    while thread.is_alive():
        await asyncio.sleep(0.01)
    thread.join()
    books.count(thread_ticker, THREAD_TICKS + 1)


async def main(path):
    books = Books(path)
    loop = asyncio.get_running_loop()
    await loop_waits_for_go()
    for callback in CALLBACKS:
        done = loop.create_future()
        loop.call_soon(callback, books, functools.partial(done.set_result, None))
        await done
        await asyncio.sleep(0.002)
        books.count(callback, 1)
    for coroutine in (step_runs_context, step_polls, uses_threads, stalls_beside_threads,
                      creates_eager, second_loop):
        await loop.create_task(coroutine(books), name=coroutine.__name__)
    books.count(step_runs_context, 3)
    books.count(step_polls, 3)
    books.count(work_in_context, 0)
    books.count(work_in_thread, 0)
    books.count(eager_body, 0)
    books.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
