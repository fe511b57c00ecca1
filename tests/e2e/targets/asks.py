"""Asks for the running loop where there is none, as libraries do, and makes mistakes with it.

    asks.py TRUTH

The first functions are questions, which the exception answers.  The last ones are mistakes,
which a caller further out survives; the ground truth has the number of each.
"""

import asyncio
import contextlib
import sys
import threading

from truth import GroundTruth, loop_waits_for_go

ROUNDS = 20
NO_LOOP = (RuntimeError, LookupError)


# ---- questions ----


def in_async_call():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def current_library():
    """Also asks for the running task, and handles other errors first."""
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
    """Neither the lock nor the `finally` handles the exception, but the code around them does."""
    try:
        with threading.Lock():
            try:
                return asyncio.get_running_loop()
            finally:
                len("")
    except RuntimeError:
        return None


def runs_itself():
    """Works with and without a running loop."""
    coroutine = nothing()
    try:
        asyncio.create_task(coroutine)
    except RuntimeError:
        coroutine.close()


def by_finally():
    try:
        return asyncio.get_running_loop()
    finally:
        return None  # noqa: B012: it drops the exception


QUESTIONS = (in_async_call, current_library, by_any_exception, by_everything, by_a_tuple,
             suppressed, by_the_caller, guarded, runs_itself, by_finally)


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


def raises_again():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        len("")
        raise


MISTAKES = (schedules, schedules_with_lock, expects_another_error, raises_again)


def survive(job):
    """Survives all exceptions of a job, as workers do."""
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
    truth = GroundTruth(path)
    await loop_waits_for_go()
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, work)
    truth.fact(mistakes=[job.__name__ for job in MISTAKES])
    truth.write()
    # What handles an exception is read from the memory of the process, while it runs.
    await loop_waits_for_go()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
