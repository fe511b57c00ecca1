# SPDX-License-Identifier: BSD-2-Clause
"""One stall of each kind that needs no other thread, over and over: for `causes.lpc`."""

import asyncio
import socket
import struct
import time


def wait_for_data(connection):
    try:
        connection.recv(1)
    except BlockingIOError:
        pass  # as SO_RCVTIMEO asked for


async def receiving(connection):
    wait_for_data(connection)


async def sleeping():
    time.sleep(0.03)


def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))


async def computing():
    compute(0.06)


def a_little():
    compute(0.003)


def a_nap():
    time.sleep(0.004)


async def many_small_ones(loop):
    for _ in range(5):
        loop.call_soon(a_little)
        loop.call_soon(a_nap)
    await asyncio.sleep(0)


def silent_connection():
    """A connection on which nothing comes: a receive gives up after 50 ms."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = socket.create_connection(listening.getsockname())
        peer, _ = listening.accept()
    timeout = struct.pack("ll", 0, 50000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
    return connection, peer


async def main():
    loop = asyncio.get_running_loop()
    connection, peer = silent_connection()
    print("ready", flush=True)
    while peer:
        await loop.create_task(receiving(connection), name="receiver")
        await loop.create_task(sleeping(), name="sleeper")
        await loop.create_task(computing(), name="computer")
        await many_small_ones(loop)
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main())
