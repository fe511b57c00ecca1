# SPDX-License-Identifier: BSD-2-Clause
"""A regular expression backtracks without end."""

import asyncio
import re

from parts.ready import ready

CASE = {
    "shows": "a regular expression backtracks without end",
    "pythons": ["3.9", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"still running after", r"on CPU", r"{match}"],
         "right": [r"task 'report'"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [r"{match}"]},
        {"command": ["tasks"],
         "partly": [r"report.*running"],
         "right": [r"{match}"]},
    ],
}
WORDS = re.compile(r"(\w+\s?)+:$")


def redact(text):
    return WORDS.match(text)  # line: match


async def report():
    redact("several words " * 30 + "!")


async def main():
    loop = asyncio.get_running_loop()
    ready()
    await asyncio.sleep(0.5)
    await loop.create_task(report(), name="report")


asyncio.run(main())
