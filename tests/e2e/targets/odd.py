"""Odd tasks: strange names, great depth, or loops in unusual states.

    odd.py TRUTH

The ground truth has {"loops": {NAME: TID}}: the thread that runs the loop of a task, or null.
"""

import asyncio
import os
import sys
import threading

from truth import GroundTruth, loop_waits_for_go

DEPTH = 800
NAMES = ("tab\there", "line\nfeed", "\x1b[31mred\x1b[0m", "\x9b31m", "käse ∑ 🐍", "x" * 500,
         'quote"and\\backslash', "\u202egnorw", "\ud800 lone")


async def parks():
    await asyncio.get_running_loop().create_future()


async def descends(depth):
    if depth == 1:
        await parks()
    else:
        await descends(depth - 1)


async def stranded():
    pass


async def begins_eagerly(event):
    await event.wait()


def runs_loop(loop, tids):
    tids["elsewhere"] = threading.get_native_id()
    asyncio.set_event_loop(loop)
    loop.run_forever()


async def main(path):
    truth, loop, references = GroundTruth(path), asyncio.get_running_loop(), []
    tids = {"deep": threading.get_native_id(), "stranded": None}
    for name in NAMES:
        references.append(loop.create_task(parks(), name=name))
    references.append(loop.create_task(descends(DEPTH), name="deep"))
    if sys.version_info >= (3, 12):
        references.append(asyncio.Task(begins_eagerly(asyncio.Event()), loop=loop, name="eager",
                                 eager_start=True))
        tids["eager"] = tids["deep"]
    idle, other = asyncio.new_event_loop(), asyncio.new_event_loop()
    references.append(idle.create_task(stranded(), name="stranded"))
    references.append(other.create_task(parks(), name="elsewhere"))
    threading.Thread(target=runs_loop, args=(other, tids), daemon=True).start()
    await asyncio.sleep(0.1)
    truth.fact(loops=tids)
    truth.write()
    await loop_waits_for_go()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
