# SPDX-License-Identifier: BSD-2-Clause
"""A child fills its pipe for errors, and its parent waits for a line on the other one."""

import asyncio
import subprocess
import sys

from parts.ready import ready

CASE = {
    "shows": "readline() on a child's pipe blocks, as the child waits for its parent",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"read on pipe", r"{line}"],
         "right": [r"task 'installer'", r"(?s)(pid \d+ \(python|python\S* \(pid \d+\)).{,100}write"]},
    ],
}
CHILD = "import sys; sys.stderr.write('x' * 1000000); print('done', flush=True)"


def first_line(child):
    return child.stdout.readline()  # line: line


async def install():
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        ready()
        first_line(child)


async def main():
    await asyncio.sleep(0.2)
    await asyncio.get_running_loop().create_task(install(), name="installer")


asyncio.run(main())
