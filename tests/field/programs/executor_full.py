# SPDX-License-Identifier: BSD-2-Clause
"""Long jobs fill the default executor; look-ups of names queue behind them."""

import asyncio
import concurrent.futures
import time

from parts.ready import ready

CASE = {
    "shows": "look-ups of names queue behind long jobs in the default executor",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["tasks"],
         "partly": [r"lookup-\d[\s\S]{,100}getaddrinfo[\s\S]{,100}queued"],
         "right": [r"default executor.*\b3 of 3\b.*busy.*\b9 queued", r"{busy}"],
         "never": [r"17 more like it", r"job-\d[\s\S]{,100}running\n.*and 8 more"]},
        {"command": ["-d", "4s"],
         "right": [r"loopprof tasks -p \d+"]},
    ],
}


def render():
    time.sleep(300)  # line: busy


async def job():
    await asyncio.get_running_loop().run_in_executor(None, render)


async def lookup():
    await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)


async def main():
    loop = asyncio.get_running_loop()
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(3))
    tasks = [loop.create_task(job(), name=f"job-{number}") for number in range(9)]
    await asyncio.sleep(0.2)
    tasks += [loop.create_task(lookup(), name=f"lookup-{number}") for number in range(3)]
    await asyncio.sleep(0.2)
    ready()
    await asyncio.gather(*tasks)


asyncio.run(main())
