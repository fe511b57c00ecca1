"""Calls on the wrong loop, from the wrong thread, or without a loop; see lost.py."""

import asyncio
import contextlib
import sys
import threading
import time

# The loop wakes up by itself this long after it fell asleep.
NAP_S = 0.3
PAUSE_S = 0.01


async def pause():
    await asyncio.sleep(PAUSE_S)


async def in_thread(function, *arguments):
    """Runs a function in a thread of its own, while the loop polls."""
    thread = threading.Thread(target=function, args=arguments, name=function.__name__)
    thread.start()
    while thread.is_alive():
        await pause()
    thread.join()


def in_other_loop(function, *arguments):
    """Runs a function with a loop that is not running, and that it may close."""
    loop = asyncio.new_event_loop()
    function(loop, *arguments)
    loop.close()


# ---- the wrong loop, or none ----


def uses_closed_loop(loop, lost):
    loop.close()
    lost.loss("closed_loop", at=uses_closed_loop, reported=False, count=2,
              exception={"type": "RuntimeError", "message": "Event loop is closed"})
    for _ in range(2):
        try:
            loop.call_soon(print)  # lost
        except RuntimeError:
            pass


NO_LOOP = {"type": "RuntimeError", "message": "no running event loop"}


def survives(function, lost):
    """Runs a job, and goes on whatever it raises."""
    try:
        function(lost)
    except Exception:  # noqa: BLE001: as servers do
        pass


def only_asks():
    """Asks if a loop runs, as libraries do: that is no finding."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def asks_for_loop(lost):
    only_asks()
    lost.loss("no_running_loop", at=asks_for_loop, exception=NO_LOOP, reported=False)
    asyncio.get_running_loop()  # lost


async def never_becomes_task():
    pass


def makes_task_without_loop(lost):
    """Closes the coroutine, so that the missing loop is the only finding."""
    coroutine = never_becomes_task()
    lost.loss("no_running_loop", at=makes_task_without_loop, exception=NO_LOOP, reported=False)
    try:
        asyncio.create_task(coroutine)  # lost
    finally:
        coroutine.close()


def asks_for_current_loop(lost):
    """The older call has another message for it, and is written in Python."""
    lost.loss("no_running_loop", at=asks_for_current_loop, reported=False, needs="closed_loop",
              exception={"type": "RuntimeError", "message": "There is no current event loop in "
                         "thread 'survives'."})
    asyncio.get_event_loop()  # lost


async def awaits_foreign(foreign):
    try:
        await foreign  # parked # lost
    except RuntimeError as error:
        return str(error)
    return None


async def awaits_future_of_other_loop(lost):
    other = asyncio.new_event_loop()
    foreign = other.create_future()
    loss = lost.loss("other_loop", awaits_foreign, task="foreigner", reported=False,
                     made=awaits_future_of_other_loop, parked=awaits_foreign)
    task = asyncio.get_running_loop().create_task(awaits_foreign(foreign), name="foreigner")  # made
    loss.row["exception"] = {"type": "RuntimeError", "message": await task}
    other.close()


async def mistakes_loops(lost):
    await in_thread(in_other_loop, uses_closed_loop, lost)
    for function in (asks_for_loop, makes_task_without_loop, asks_for_current_loop):
        await in_thread(survives, function, lost)
    await awaits_future_of_other_loop(lost)


# ---- the wrong thread ----


class Noticed:
    """The times at which another thread did something and the loop noticed; the loop slept."""

    def __init__(self, lost, name):
        self._lost, self.name = lost, name
        self._loss = None
        self._began = self._ended = 0

    @contextlib.contextmanager
    def by(self, function, **known):
        """Called in the other thread."""
        time.sleep(NAP_S / 3)
        self._loss = self._lost.loss("wrong_thread", at=function, refused=self.name, **known)
        self._began = time.monotonic_ns()
        try:
            yield
        except RuntimeError as error:
            # In asyncio's debug mode the call is refused, and otherwise unnoticed.
            print("refused:", self.name, "-", error, file=sys.stderr, flush=True)
        self._ended = time.monotonic_ns()

    def now(self):
        """Called in the loop."""
        now = time.monotonic_ns()
        self._loss.noticed(now - self._ended, now - self._began)


def calls_soon(noticed, loop):
    with noticed.by(calls_soon, of=called_late):
        loop.call_soon(called_late, noticed)  # lost


def called_late(noticed):
    noticed.now()


def sets_result(noticed, future):
    with noticed.by(sets_result, of=done_late):
        future.set_result(noticed)  # lost


def done_late(future):
    future.result().now()


def wakes_task(noticed, future):
    with noticed.by(wakes_task, of=woken_late, task="woken late", parked=woken_late,
                    made=wakes_up_late):
        future.set_result(noticed)  # lost


async def woken_late(future):
    noticed = await future  # parked
    noticed.now()


async def wakes_up_late(lost, loop):
    future = loop.create_future()
    task = loop.create_task(woken_late(future), name="woken late")  # made
    await naps(wakes_task, Noticed(lost, "task"), future)
    # In debug mode the wake-up was refused, and nothing else wakes the task.
    task._log_destroy_pending = not lost.debug


async def naps(function, noticed, *arguments):
    """Sleeps while another thread does something that should wake the loop."""
    thread = threading.Thread(target=function, args=(noticed, *arguments), name=noticed.name)
    thread.start()
    await asyncio.sleep(NAP_S)
    thread.join()
    await pause()


async def schedules_from_thread(lost):
    loop = asyncio.get_running_loop()
    await naps(calls_soon, Noticed(lost, "call_soon"), loop)
    future = loop.create_future()
    future.add_done_callback(done_late)
    await naps(sets_result, Noticed(lost, "set_result"), future)
    await wakes_up_late(lost, loop)
