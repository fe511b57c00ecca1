"""Callbacks that wait for a thread: for its end, for that of a pool's, and for the result of a job.

joins.py TRUTH
"""

import asyncio
import concurrent.futures
import sys
import threading
import time

from truth import GroundTruth, loop_waits_for_go

LASTS_S = 1.5


def render():
    time.sleep(LASTS_S)


async def joins():
    thread = threading.Thread(target=render, name="exporter")
    thread.start()
    thread.join()


async def shuts_down():
    pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="pdf")
    pool.submit(render)
    pool.shutdown()


async def asks():
    pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="mail")
    pool.submit(render).result()


async def main(truth):
    await loop_waits_for_go()
    for waits in (joins, shuts_down, asks):
        await asyncio.create_task(waits())
        await asyncio.sleep(0.05)
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(GroundTruth(sys.argv[1])))
