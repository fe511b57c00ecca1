"""A callback reads from a pipe that a child process holds and does not write to.

other_end.py TRUTH
"""

import asyncio
import os
import subprocess
import sys

from truth import GroundTruth, loop_waits_for_go


def reads(descriptor):
    return os.read(descriptor, 1)  # here


async def main(truth):
    reader, writer = os.pipe()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                          pass_fds=(writer,)) as child:
        os.close(writer)
        truth.fact(child=child.pid)
        await loop_waits_for_go()
        truth.write()
        reads(reader)


if __name__ == "__main__":
    asyncio.run(main(GroundTruth(sys.argv[1])))
