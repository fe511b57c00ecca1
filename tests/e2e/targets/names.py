"""Callbacks of different names (the second argument: how many), each of which runs once."""

import asyncio
import sys

from truth import loop_waits_for_go


def make(number):
    scope = {}
    exec(f"def name_{number}(): pass\n", scope)  # pylint: disable=exec-used
    return scope[f"name_{number}"]


async def main(names):
    loop = asyncio.get_running_loop()
    await loop_waits_for_go()
    for number in range(names):
        loop.call_soon(make(number))
        if number % 50 == 0:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[2])))
