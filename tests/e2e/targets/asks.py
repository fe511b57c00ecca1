"""Asks for the running loop where there is none, in the ways of libraries, and does it wrong.

    asks.py BOOKS

The first ways are questions that are answered by the exception.  The last ones are mistakes,
which something further out survives; the books say how often each was made.
"""

import asyncio
import contextlib
import sys
import threading

from books import Books, loop_waits_for_go

ROUNDS = 20
NO_LOOP = (RuntimeError, LookupError)


# ---- questions ----


def in_async_call():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def current_library():
    """The running task is asked for as well, and other errors come first."""
    try:
        if asyncio.current_task() is not None:
            return "asyncio"
    except (AttributeError, KeyError):
        return "none"
    except RuntimeError:
        pass
    return None


def by_any_exception():
    try:
        return asyncio.get_running_loop()
    except Exception:  # noqa: BLE001: it is in the function itself
        return None


def by_everything():
    try:
        return asyncio.get_running_loop()
    except:  # noqa: E722: likewise
        return None


def by_a_tuple():
    try:
        return asyncio.get_running_loop()
    except NO_LOOP:
        return None


def suppressed():
    with contextlib.suppress(RuntimeError):
        return asyncio.get_running_loop()


def helper():
    return asyncio.get_running_loop()


def by_the_caller():
    try:
        return helper()
    except RuntimeError:
        return None


def guarded():
    """The lock and the `finally` do not catch it, and what is around them does."""
    try:
        with threading.Lock():
            try:
                return asyncio.get_running_loop()
            finally:
                len("")
    except RuntimeError:
        return None


def runs_itself():
    """What may be called from a loop and from anywhere: it runs one if there is none."""
    coroutine = nothing()
    try:
        asyncio.create_task(coroutine)
    except RuntimeError:
        coroutine.close()


QUESTIONS = (in_async_call, current_library, by_any_exception, by_everything, by_a_tuple,
             suppressed, by_the_caller, guarded, runs_itself)


# ---- mistakes ----


async def nothing():
    pass


def schedules():
    coroutine = nothing()
    try:
        asyncio.create_task(coroutine)
    finally:
        coroutine.close()


def schedules_with_lock():
    with threading.Lock():
        asyncio.get_running_loop()


def expects_another_error():
    try:
        asyncio.get_running_loop()
    except ValueError:
        pass


MISTAKES = (schedules, schedules_with_lock, expects_another_error)


def survive(job):
    """As workers do, whatever they run."""
    try:
        job()
    except Exception:  # noqa: BLE001
        pass


def work():
    for _ in range(ROUNDS):
        for job in QUESTIONS:
            job()
    for job in MISTAKES:
        survive(job)


async def main(path):
    books = Books(path)
    await loop_waits_for_go()
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, work)
    books.fact(mistakes=[job.__name__ for job in MISTAKES])
    books.write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
