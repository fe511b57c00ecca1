"""Tasks that wait for futures of concurrent.futures, which different things will set.

pending.py TRUTH [PROCESSES]

With PROCESSES, a pool of processes has jobs as well, for which the system needs semaphores.
"""

import asyncio
import concurrent.futures
import multiprocessing
import os
import signal
import sys
import threading

from truth import loop_waits_for_go

GATE = threading.Event()


async def waits(future):
    await future


async def waits_shielded(future):
    await asyncio.wait_for(asyncio.shield(future), 600)


async def elsewhere():
    await asyncio.sleep(600)


async def waits_for_ended_job(name, block_begins):
    asyncio.current_task().set_name(name)
    if name == "thread-ended":
        await asyncio.to_thread(block_begins.wait)
    else:
        await asyncio.get_running_loop().run_in_executor(None, block_begins.wait)


def blocks(busy, start):
    """Blocks a loop, and ends the jobs for which tasks of it wait."""
    block_begins = threading.Event()
    names = ["ended"] + ["thread-ended"] * hasattr(asyncio, "to_thread")
    for name in names:
        asyncio.run_coroutine_threadsafe(waits_for_ended_job(name, block_begins), busy)
    # The tasks wait from the first iteration on.
    busy.call_soon_threadsafe(busy.call_later, 0.1,
                              lambda: (block_begins.set(), start.set(), GATE.wait()))


def new_loop():
    """A loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


async def main(processes):
    loop, other, busy = asyncio.get_running_loop(), new_loop(), new_loop()
    pool = concurrent.futures.ThreadPoolExecutor(1)
    # Nothing refers to this executor but its thread.
    dropped = concurrent.futures.ThreadPoolExecutor(1)
    started = threading.Event()
    blocks(busy, started)
    started.wait()
    futures = {
        "runs": loop.run_in_executor(pool, GATE.wait),
        "queued": loop.run_in_executor(pool, GATE.wait),
        "dropped-runs": loop.run_in_executor(dropped, GATE.wait),
        "dropped": loop.run_in_executor(dropped, GATE.wait),
        "other": asyncio.wrap_future(asyncio.run_coroutine_threadsafe(elsewhere(), other)),
        "not-begun": asyncio.wrap_future(asyncio.run_coroutine_threadsafe(elsewhere(), busy)),
        "bare": asyncio.wrap_future(concurrent.futures.Future()),
    }
    del dropped
    tasks = [loop.create_task(waits(future)) for future in futures.values()]
    for name, task in zip(futures, tasks):
        task.set_name(name)
    shielded = loop.create_task(waits_shielded(asyncio.wrap_future(concurrent.futures.Future())))
    shielded.set_name("shielded")
    if processes:
        workers = concurrent.futures.ProcessPoolExecutor(1)
        # Some jobs are passed on to the process before they run.
        tasks += [loop.create_task(waits(loop.run_in_executor(workers, signal.pause)))
                  for number in range(6)]
        tasks[-1].set_name("process")
    await loop_waits_for_go()
    for process in multiprocessing.active_children():
        process.kill()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(len(sys.argv) > 2))
