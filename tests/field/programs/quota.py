# SPDX-License-Identifier: BSD-2-Clause
"""A cgroup's quota of CPU time holds the loop up while the CPUs are idle."""

import asyncio
import os
import time

from parts.ready import ready

CASE = {
    "shows": "the quota of a cgroup holds the loop up",
    "pythons": ["3.11", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"waiting for a CPU|throttled|quota"],
         "right": [r"throttled|\bquota ", r"\b20 %"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"waiting for a CPU|throttled|quota"]},
    ],
}
NAME = f"loopprof-field-{os.getpid()}"


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def enter():
    old = "/sys/fs/cgroup/cpu"
    if os.path.isdir(old):
        os.mkdir(f"{old}/{NAME}")
        write(f"{old}/{NAME}/cpu.cfs_quota_us", "20000")
        write(f"{old}/{NAME}/cgroup.procs", str(os.getpid()))
        return
    write("/sys/fs/cgroup/cgroup.subtree_control", "+cpu")
    os.mkdir(f"/sys/fs/cgroup/{NAME}")
    write(f"/sys/fs/cgroup/{NAME}/cpu.max", "20000 100000")
    write(f"/sys/fs/cgroup/{NAME}/cgroup.procs", str(os.getpid()))


async def render():
    until = time.process_time() + 0.06
    while time.process_time() < until:
        pass


async def main():
    ready()
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0.4)
        await loop.create_task(render(), name="render")


enter()
asyncio.run(main())
