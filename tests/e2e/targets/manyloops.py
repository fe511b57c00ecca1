"""Many threads (the second argument: how many), each with a loop of its own that ticks now and
then; the test's "go" ends it.
"""

import asyncio
import os
import sys
import threading

from truth import wait_for_go

threading.stack_size(256 * 1024)


async def tick(started):
    started.release()
    while True:
        await asyncio.sleep(2)


def main(threads):
    started = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=lambda: asyncio.run(tick(started)), daemon=True).start()
    for _ in range(threads):
        started.acquire()
    wait_for_go()
    # The process exits without ending the loops, which would take long.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[2]))
