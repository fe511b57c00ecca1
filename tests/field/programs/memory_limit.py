# SPDX-License-Identifier: BSD-2-Clause
"""The memory of a cgroup is at its limit, and pages that are touched have to be reclaimed first."""

import asyncio
import mmap
import os
import tempfile

from parts.ready import ready

CASE = {
    "shows": "a cgroup is at its memory limit, and page faults reclaim",
    "pythons": ["3.11", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-t", "50ms", "-d", "6s"],
         "partly": [r"page fault|reclaim|on CPU", r"{touch}"],
         "right": [r"page fault", r"\breclaim|limit of|\b48(\.0)? M"]},
    ],
}
NAME = f"loopprof-field-{os.getpid()}"
SIZE = 200 << 20


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def enter():
    old, limit = "/sys/fs/cgroup/memory", str(48 << 20)
    if os.path.isdir(old):
        os.mkdir(f"{old}/{NAME}")
        write(f"{old}/{NAME}/memory.limit_in_bytes", limit)
        write(f"{old}/{NAME}/cgroup.procs", str(os.getpid()))
        return
    write("/sys/fs/cgroup/cgroup.subtree_control", "+memory")
    os.mkdir(f"/sys/fs/cgroup/{NAME}")
    write(f"/sys/fs/cgroup/{NAME}/memory.max", limit)
    write(f"/sys/fs/cgroup/{NAME}/cgroup.procs", str(os.getpid()))


def touch(view):
    for place in range(0, SIZE, 4096):
        view[place] = (view[place] + 1) % 256  # line: touch


async def main():
    # On a disk: pages of a file in memory could not be reclaimed without swap.
    with tempfile.NamedTemporaryFile(dir="/var/tmp", delete=False) as file:
        file.truncate(SIZE)
        view = mmap.mmap(file.fileno(), SIZE)
        os.unlink(file.name)
        ready()
        while True:
            await asyncio.sleep(0.2)
            touch(view)


enter()
asyncio.run(main())
