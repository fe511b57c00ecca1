"""Loses coroutines, exceptions and tasks in all ways; losttruth.py describes the ground truth.

    lost.py TRUTH

In asyncio's debug mode it prints "refused: NAME" on stderr for each call that is refused.
"""

import asyncio
import gc
import os
import sys
import warnings

from truth import loop_waits_for_go
from losttruth import LostTruth
from lostloops import in_other_loop, in_thread, mistakes_loops, schedules_from_thread, pause

MANY = 20
LAST_READ_S = 2


# ---- coroutines that are never awaited ----


async def dropped_at_once():
    pass


def drops_at_once(lost):
    with lost.losing("never_awaited", dropped_at_once, drops_at_once, made=drops_at_once):
        dropped_at_once()  # made # lost


async def dropped_later():
    pass


def makes_and_stores(references):
    references.append(dropped_later())  # made


def drops_the_reference(lost):
    references = []
    makes_and_stores(references)
    with lost.losing("never_awaited", dropped_later, drops_the_reference, made=makes_and_stores):
        references.clear()  # lost


async def dropped_in_silence():
    pass


def drops_in_silence(lost):
    """The warning is switched off, but the coroutine is lost all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with lost.losing("never_awaited", dropped_in_silence, drops_in_silence, reported=False,
                         made=drops_in_silence):
            dropped_in_silence()  # made # lost


class Client:
    async def fetch(self):
        pass


def drops_method(lost):
    client = Client()
    with lost.losing("never_awaited", Client.fetch, drops_method, made=drops_method):
        client.fetch()  # made # lost


def drops_nested(lost):
    async def nested_coroutine():
        pass

    with lost.losing("never_awaited", nested_coroutine, drops_nested, made=drops_nested):
        nested_coroutine()  # made # lost


async def dropped_often():
    pass


def drops_often(lost):
    with lost.losing("never_awaited", dropped_often, drops_often, count=MANY, made=drops_often):
        for _ in range(MANY):
            dropped_often()  # made # lost


async def dropped_in_cycle():
    pass


def drops_cycle(lost):
    """Only the collector can find that nothing refers to it."""
    cycle = [dropped_in_cycle()]  # made
    cycle.append(cycle)
    del cycle
    with lost.losing("never_awaited", dropped_in_cycle, drops_cycle, made=drops_cycle):
        gc.collect()  # lost


async def dropped_by_thread():
    pass


def drops_in_thread(lost):
    with lost.losing("never_awaited", dropped_by_thread, drops_in_thread, made=drops_in_thread):
        dropped_by_thread()  # made # lost


async def drops_coroutines(lost):
    for drop in (drops_at_once, drops_the_reference, drops_in_silence, drops_method,
                 drops_nested, drops_often, drops_cycle):
        drop(lost)
        await pause()
    await in_thread(drops_in_thread, lost)


# ---- exceptions that are never retrieved ----


class Unlucky(Exception):
    pass


async def raises_value():
    raise ValueError("käse ∑ 🐍 fehlt")


async def raises_key():
    await asyncio.sleep(0)
    raise KeyError("missing")


def raises_below():
    raise Unlucky("below")


async def raises_bare():
    raise ValueError


async def raises_numbers():
    raise IndexError(17, 4)


async def raises_own():
    raises_below()


async def raises_long():
    raise OSError("long " + "x" * 300)


def drops_done(references):
    references.clear()  # lost


async def drops_failed_task(lost, function, *exception):
    loop, name = asyncio.get_running_loop(), function.__name__
    references = [loop.create_task(function(), name=name)]  # made
    await asyncio.wait(references)
    with lost.losing("exception_never_retrieved", function, drops_done, task=name,
                     made=drops_failed_task,
                     exception={"type": exception[0], "message": exception[1]}):
        drops_done(references)
    await pause()


async def fire_and_forget():
    raise LookupError("nobody cares")


async def forgets_task(lost):
    """The loop itself has the last reference."""
    with lost.losing("exception_never_retrieved", fire_and_forget, task="forgotten",
                     made=forgets_task,
                     exception={"type": "LookupError", "message": "nobody cares"}):
        asyncio.get_running_loop().create_task(fire_and_forget(), name="forgotten")  # made
        await pause()


async def raises_eagerly():
    raise BufferError("at once")


def drops_eager_task(lost):
    """It fails before the constructor returns, and has no coroutine afterwards."""
    task = asyncio.Task(raises_eagerly(), loop=asyncio.get_running_loop(), name="eager",  # made
                        eager_start=True)
    with lost.losing("exception_never_retrieved", None, drops_eager_task, task="eager",
                     made=drops_eager_task,
                     exception={"type": "BufferError", "message": "at once"}):
        del task  # lost


def drops_failed_future(lost):
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ZeroDivisionError("bare future"))
    with lost.losing("exception_never_retrieved", None, drops_failed_future,
                     exception={"type": "ZeroDivisionError", "message": "bare future"}):
        del future  # lost


async def drops_exceptions(lost):
    await drops_failed_task(lost, raises_value, "ValueError", "käse ∑ 🐍 fehlt")
    await drops_failed_task(lost, raises_key, "KeyError", "missing")
    await drops_failed_task(lost, raises_own, "Unlucky", "below")
    await drops_failed_task(lost, raises_long, "OSError", "long " + "x" * 300)
    await drops_failed_task(lost, raises_bare, "ValueError", "")
    await drops_failed_task(lost, raises_numbers, "IndexError", "")
    if sys.version_info >= (3, 12):
        drops_eager_task(lost)
    await forgets_task(lost)
    drops_failed_future(lost)
    await pause()


# ---- tasks that are destroyed while pending ----


async def waits_in_vain():
    await asyncio.get_running_loop().create_future()


async def destroyed_deep_down():
    await waits_in_vain()  # parked


async def destroys_task(lost):
    """Nothing refers to the future that the task awaits, and so nothing refers to the task."""
    asyncio.get_running_loop().create_task(destroyed_deep_down(), name="in vain")  # made
    await pause()
    collects(lost)


def collects(lost):
    with lost.losing("destroyed_pending", destroyed_deep_down, collects, task="in vain",
                     made=destroys_task, parked=destroyed_deep_down):
        gc.collect()  # lost


async def destroyed_unbegun():
    pass


def destroys_unbegun(loop, lost):
    """A task of a loop that never ran; its coroutine is lost as well."""
    loop.create_task(destroyed_unbegun(), name="unbegun")  # made
    with lost.losing("destroyed_pending", destroyed_unbegun, destroys_unbegun, task="unbegun",
                     made=destroys_unbegun):
        # It is destroyed before the loop is closed, or with it.
        lost.loss("pending_at_close", destroyed_unbegun, destroys_unbegun, task="unbegun",
                  made=destroys_unbegun, reported=False, least=0)
        lost.loss("never_awaited", destroyed_unbegun, destroys_unbegun, made=destroys_unbegun)
        loop.close()  # lost
        gc.collect()  # lost


async def closed_upon():
    await asyncio.sleep(3600)  # parked


async def also_closed_upon(future):
    await future  # parked


async def begins(*coroutines):
    tasks = []
    for coroutine, name in coroutines:
        tasks.append(asyncio.get_running_loop().create_task(coroutine, name=name))  # made
    await asyncio.sleep(0)
    return tasks


def closes_with_pending(loop, lost, references):
    """The tasks stay referenced, but will never go on."""
    references.append(loop.run_until_complete(begins(
        (closed_upon(), "closed upon"), (also_closed_upon(loop.create_future()), "also"))))
    for function, task in ((closed_upon, "closed upon"), (also_closed_upon, "also")):
        lost.loss("pending_at_close", function, closes_with_pending, task=task, reported=False,
                  made=begins, parked=function)
    loop.close()  # lost


async def closed_upon_and_dropped(future):
    await future  # parked


def closes_and_drops(loop, lost):
    """Found when the loop is closed, and again when nothing refers to the task."""
    tasks = loop.run_until_complete(begins(
        (closed_upon_and_dropped(loop.create_future()), "dropped after")))
    lost.loss("pending_at_close", closed_upon_and_dropped, closes_and_drops, reported=False,
              task="dropped after", made=begins, parked=closed_upon_and_dropped)
    loop.close()  # lost
    del tasks
    drops_of_closed(lost)


def drops_of_closed(lost):
    with lost.losing("destroyed_pending", closed_upon_and_dropped, drops_of_closed, made=begins,
                     task="dropped after", parked=closed_upon_and_dropped):
        gc.collect()  # lost


async def destroys_tasks(lost, references):
    await destroys_task(lost)
    await in_thread(in_other_loop, destroys_unbegun, lost)
    await in_thread(in_other_loop, closes_with_pending, lost, references)
    await in_thread(in_other_loop, closes_and_drops, lost)


async def main(path):
    lost = LostTruth(path, sys.flags.dev_mode)
    references = []
    await loop_waits_for_go()
    # Collections are explicit, so that it is known which losses each of them finds.
    gc.collect()
    gc.disable()
    for mistakes in (drops_coroutines, drops_exceptions, mistakes_loops, schedules_from_thread):
        await mistakes(lost)
    await destroys_tasks(lost, references)
    await pause()
    # loopprof describes losses from this process's memory, so it must not end at once.
    await asyncio.sleep(LAST_READ_S)
    lost.write()
    sys.stderr.flush()
    # References that are still held must not become losses at the end.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
