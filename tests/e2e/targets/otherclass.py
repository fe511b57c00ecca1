"""A task whose coroutine is an object of another class, as those of Cython are.

    otherclass.py TRUTH

After the order to begin, it holds its loop until it reads a line.
"""

import asyncio
import collections.abc
import os

from truth import attended, loop_waits_for_go


class Other_coroutine(collections.abc.Coroutine):  # pylint: disable=invalid-name
    def __init__(self, inner):
        self._inner = inner

    def send(self, value):
        return self._inner.send(value)

    def throw(self, *exception):
        return self._inner.throw(*exception)

    def close(self):
        return self._inner.close()

    def __await__(self):
        return self._inner.__await__()


async def holds():
    print("held", flush=True)
    if attended():
        os.read(0, 64)
    await asyncio.sleep(0)


async def main():
    await loop_waits_for_go()
    await asyncio.get_running_loop().create_task(Other_coroutine(holds()), name="other")


asyncio.run(main())
