"""An asyncio program that loses something of every kind, again and again.

    lost.py READY

READY appears with the first round; a round takes about a second.
"""

import asyncio
import gc
import sys
import threading
import warnings

warnings.simplefilter("ignore")


async def forgotten():
    pass


async def raises():
    raise ValueError("nobody asks for it")


async def waits():
    await asyncio.sleep(3600)


def swallow(call, *arguments):
    try:
        call(*arguments)
    except RuntimeError:
        pass


def asks_without_loop():
    asyncio.get_running_loop()


def survives(call):
    """What runs jobs goes on, whatever they raise."""
    try:
        call()
    except Exception:  # noqa: BLE001: as servers do
        pass


def in_thread(call, *arguments):
    thread = threading.Thread(target=call, args=arguments)
    thread.start()
    thread.join()


async def awaits_of_another_loop(loop):
    try:
        await loop.create_future()
    except RuntimeError:
        pass


async def cancel_one():
    task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def lose_all():
    loop = asyncio.get_running_loop()
    await cancel_one()
    forgotten()
    asyncio.ensure_future(raises())
    await asyncio.sleep(0.1)
    other = asyncio.new_event_loop()
    pending = other.create_task(waits(), name="on the other loop")
    await awaits_of_another_loop(other)
    other.close()
    swallow(other.call_soon, print)
    in_thread(survives, asks_without_loop)
    in_thread(loop.call_soon, forgotten.__repr__)
    await asyncio.sleep(0.5)
    del other, pending
    gc.collect()


async def main(ready):
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    await lose_all()
    with open(ready, "w"):
        pass
    while True:
        await lose_all()
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
