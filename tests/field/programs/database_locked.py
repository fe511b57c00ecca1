# SPDX-License-Identifier: BSD-2-Clause
"""Another process holds the lock of an SQLite database."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile

from parts.ready import ready

CASE = {
    "shows": "SQLite waits for a lock that another process holds",
    "pythons": ["3.11", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"blocked", r"{insert}"],
         "right": [r"SQLite waits for a lock", r"shop\.db"]},
    ],
}
PATH = os.path.join(tempfile.mkdtemp(), "shop.db")
HOLDER = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
while True:
    database.execute("begin exclusive")
    time.sleep(0.8)
    database.execute("commit")
    time.sleep(0.4)
"""


def save(database):
    database.execute("insert into orders values (1)")  # line: insert
    database.commit()


async def main():
    database = sqlite3.connect(PATH, timeout=30)
    database.execute("create table orders (number)")
    loop = asyncio.get_running_loop()

    async def handle():
        save(database)

    with subprocess.Popen([sys.executable, "-c", HOLDER, PATH]):
        ready()
        while True:
            await asyncio.sleep(0.3)
            await loop.create_task(handle(), name="order")


asyncio.run(main())
