"""Loops of asyncio and of uvloop in one process: two threads at once, and one thread in turn.

    bothkinds.py TRUTH

Each task has the name of the kind of loop that runs it.
"""

import asyncio
import sys
import threading

import uvloop
from truth import GroundTruth, wait_for_go

TURNS = ("asyncio", "uvloop", "uvloop", "asyncio", "uvloop")
STALLS = 3


async def stall(truth):
    for _ in range(STALLS):
        await asyncio.sleep(0.02)
        truth.stall()


async def run_task(truth, kind):
    await asyncio.create_task(stall(truth), name=kind)


def run(truth, kind):
    loop = uvloop.new_event_loop() if kind == "uvloop" else asyncio.new_event_loop()
    try:
        loop.run_until_complete(run_task(truth, kind))
    finally:
        loop.close()


def main(path):
    truth = GroundTruth(path)
    wait_for_go()
    thread = threading.Thread(target=run, args=(truth, "uvloop"))
    thread.start()
    run(truth, "asyncio")
    thread.join()
    for kind in TURNS:
        run(truth, kind)
    truth.write()


if __name__ == "__main__":
    main(sys.argv[1])
