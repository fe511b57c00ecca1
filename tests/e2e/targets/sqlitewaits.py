"""Callbacks wait for SQLite's lock, one after the other, which a child process holds most of the time.

    sqlitewaits.py TRUTH DATABASE

The child has it for HELD_S each time, and lets go of it for FREE_S.
"""

import asyncio
import sqlite3
import subprocess
import sys
import time

from truth import GroundTruth, loop_waits_for_go

HELD_S, FREE_S, WAITS = 0.15, 0.05, 20


def connect(path):
    return sqlite3.connect(path, isolation_level=None, timeout=20)


def hold(path):
    connection = connect(path)
    connection.execute("create table if not exists things (thing)")
    print("ready", flush=True)
    while True:
        connection.execute("begin immediate")
        time.sleep(HELD_S)
        connection.execute("commit")
        time.sleep(FREE_S)


async def insert(connection):
    connection.execute("insert into things values (1)")  # here


async def main(truth, path):
    with subprocess.Popen([sys.executable, __file__, "hold", path],
                          stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        connection = connect(path)
        truth.fact(child=child.pid)
        await loop_waits_for_go()
        for _ in range(WAITS):
            await asyncio.create_task(insert(connection))
            await asyncio.sleep(0.03)
        child.kill()
    truth.write()


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        hold(sys.argv[2])
    else:
        asyncio.run(main(GroundTruth(sys.argv[1]), sys.argv[2]))
