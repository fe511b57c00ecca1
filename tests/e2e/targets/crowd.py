"""Many threads (the second argument: how many) with loops that wake up all the time and contend
for the GIL, which makes each of them late; the test's "go" ends it.
"""

import asyncio
import os
import sys
import threading

from truth import wait_for_go

threading.stack_size(256 * 1024)


async def push(started):
    started.release()
    while True:
        await asyncio.sleep(0.05)
        sum(range(2000))


def main(threads):
    started = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=lambda: asyncio.run(push(started)), daemon=True).start()
    for _ in range(threads):
        started.acquire()
    wait_for_go()
    # The process exits without ending the loops, which would take long.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[2]))
