"""An asyncio program that stalls its loop since its cgroup has too little memory.

    short_of_memory.py LIMIT READY

It enters the cgroup /LIMIT. With the limit max, two areas do not fit into
memory.max together: each stall touches one of them, and its page faults have to reclaim the
pages of the other one, which are marked as free for that. With the limit high, each stall
touches pages beyond memory.high, until the kernel holds the program for them.
"""

import asyncio
import mmap
import sys

CGROUPS = "/sys/fs/cgroup"
MEBIBYTE = 1 << 20
LIMIT = 24 * MEBIBYTE
AREA = 16 * MEBIBYTE
# The kernel throttles a process for some tenths of a second if it exceeds HIGH by BEYOND bytes.
HIGH = 20 * MEBIBYTE
BEYOND = 1 * MEBIBYTE
PERIOD = 0.3


def write(path, value):
    with open(f"{CGROUPS}/{path}", "w") as file:
        file.write(str(value))


def current(cgroup):
    with open(f"{CGROUPS}/{cgroup}/memory.current") as file:
        return int(file.read())


def create_ready(ready):
    open(ready, "w").close()


def area(size):
    made = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    made.madvise(mmap.MADV_NOHUGEPAGE)
    return made


def touch(pages):
    for place in range(0, len(pages), mmap.PAGESIZE):
        pages[place] = 1


async def reclaim_forever(ready):
    areas = [area(AREA), area(AREA)]
    write("max/memory.max", LIMIT)
    while True:
        for pages in areas:
            touch(pages)
            pages.madvise(mmap.MADV_FREE)
            await asyncio.sleep(PERIOD)
            ready = ready and create_ready(ready)


async def exceed_forever(ready):
    most, pages = area(HIGH - current("high")), area(BEYOND)
    touch(most)
    write("high/memory.high", current("high"))
    while True:
        touch(pages)
        pages.madvise(mmap.MADV_DONTNEED)
        await asyncio.sleep(PERIOD)
        ready = ready and create_ready(ready)


WAYS = {"max": reclaim_forever, "high": exceed_forever}


def main(limit, ready):
    write(f"{limit}/cgroup.procs", 0)
    asyncio.run(WAYS[limit](ready))


if __name__ == "__main__":
    main(*sys.argv[1:])
