"""Uses a library all the time, and prints how often the result was wrong."""

import asyncio
import ctypes
import sys

from truth import GroundTruth, attended, loop_waits_for_go

TEXT = b"as it is in the library's file"
RIGHT = 0xa0820a95


async def main(library):
    results = {"right": 0, "wrong": 0}
    function = ctypes.CDLL(library).adler32
    function.argtypes = [ctypes.c_ulong, ctypes.c_char_p, ctypes.c_uint]
    function.restype = ctypes.c_ulong

    async def use():
        while True:
            right = function(1, TEXT, len(TEXT)) == RIGHT
            results["right" if right else "wrong"] += 1
            await asyncio.sleep(0.005)

    using = asyncio.ensure_future(use())
    await loop_waits_for_go()
    using.cancel()
    truth = GroundTruth(sys.argv[1])
    truth.fact(**results)
    truth.write()


if __name__ == "__main__":
    assert attended()
    asyncio.run(main(sys.argv[2]))
