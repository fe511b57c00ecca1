"""Stalls below functions that a library has compiled from a string.

    generated.py TRUTH          or          python -c "$(cat generated.py)" TRUTH SITE_PACKAGES

The task "dataclass" is of a package alone, in which a generated constructor stalls. The task
"handler" is of a package that calls the program, which stalls in the function stall().
"""

import asyncio
import functools
import os
import sys
import time

sys.path.insert(0, sys.argv[2] if len(sys.argv) > 2 else
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "site-packages"))
import framework  # noqa: E402  pylint: disable=wrong-import-position
import records  # noqa: E402  pylint: disable=wrong-import-position

STALL_S = 0.13


def stall():
    time.sleep(STALL_S)


async def handler():
    stall()


async def main():
    for name, coroutine in (("dataclass", records.make(functools.partial(time.sleep, STALL_S))),
                            ("handler", framework.run(handler))):
        task = asyncio.get_running_loop().create_task(coroutine)
        task.set_name(name)
        await task


asyncio.run(main())
