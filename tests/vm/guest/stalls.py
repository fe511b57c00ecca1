"""An asyncio program that stalls its loop in known ways, and writes the ground truth.

    stalls.py TRUTH READY

Every half second the task 'stall' holds the loop for 150 ms, each time in the next
of the ways below; beside it a ticker runs a hundred short callbacks a second. TRUTH
gets a line for each stall, "START_NS DURATION_NS WAY TARGET" by CLOCK_MONOTONIC;
READY appears with the first.
"""

import asyncio
import fcntl
import os
import socket
import sys
import threading
import time

PERIOD = 0.5
STALL = 0.15
TICK = 0.01


def later(function, *arguments):
    """Calls it from another thread after the length of a stall."""
    threading.Timer(STALL, function, arguments).start()


def stall_asleep():
    time.sleep(STALL)
    return None


def stall_computing():
    end = time.monotonic() + STALL
    while time.monotonic() < end:
        pass
    return None


class Pipe:
    def __init__(self):
        self.ends = os.pipe()
        self.target = f"pipe:[{os.fstat(self.ends[0]).st_ino}]"

    def stall_reading(self):
        later(os.write, self.ends[1], b"x")
        os.read(self.ends[0], 1)
        return self.target


class Connection:
    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.near = socket.create_connection(server.getsockname())
            self.far = server.accept()[0]
        self.target = "tcp 127.0.0.1:%d" % self.far.getsockname()[1]

    def stall_receiving(self):
        later(self.far.send, b"x")
        self.near.recv(1)
        return self.target


class Lock:
    """Of a file, by two descriptors, as two processes would have."""

    def __init__(self, path):
        self.path = os.path.realpath(path)
        self.ours, self.theirs = open(path, "w"), open(path, "w")

    def stall_locking(self):
        fcntl.flock(self.theirs, fcntl.LOCK_EX)
        later(fcntl.flock, self.theirs, fcntl.LOCK_UN)
        fcntl.flock(self.ours, fcntl.LOCK_EX)
        fcntl.flock(self.ours, fcntl.LOCK_UN)
        return self.path


async def stall_forever(truth, ready):
    ways = [stall_asleep, stall_computing, Pipe().stall_reading, Connection().stall_receiving,
            Lock(truth.name + ".lock").stall_locking]
    while True:
        for way in ways:
            start = time.monotonic_ns()
            target = way()
            print(start, time.monotonic_ns() - start, way.__name__, target, file=truth,
                  flush=True)
            if ready:
                open(ready, "w").close()
                ready = None
            await asyncio.sleep(PERIOD - STALL)


async def tick_forever():
    while True:
        await asyncio.sleep(TICK)


async def main(truth_path, ready):
    with open(truth_path, "w") as truth:
        stall = asyncio.create_task(stall_forever(truth, ready), name="stall")
        ticker = asyncio.create_task(tick_forever(), name="ticker")
        await asyncio.gather(stall, ticker)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
