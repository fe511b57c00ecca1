# SPDX-License-Identifier: BSD-2-Clause
"""A file on a file system whose server answers late (FUSE), opened on the loop."""

import asyncio
import ctypes
import os
import signal
import struct
import tempfile
import time

from parts.ready import ready

CASE = {
    "shows": "a file is opened on a file system (FUSE) that answers late",
    "pythons": ["3.11", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "4s"],
         "partly": [r"blocked", r"open(at)?\b.*report", r"{open}"],
         "right": [r"(?i)fuse"]},
        {"command": ["-m", "sample", "-d", "4s"],
         "partly": [r"blocked", r"{open}"]},
    ],
}
LOOKUP, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT = 1, 3, 14, 15, 18, 25, 26
NEWNS, PRIVATE = 0x20000, 0x44000
FOLDER = tempfile.mkdtemp()


def attributes(node):
    mode = 0o40755 if node == 1 else 0o100644
    return struct.pack("<6Q10I", node, 5, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(code, node):
    """The body of an answer, or None for a request that the server does not know."""
    if code == OPEN:
        time.sleep(0.3)
        return struct.pack("<Q2I", 1, 1, 0)
    return {INIT: struct.pack("<4I2H2I2H8I", 7, 31, 4096, 0, 0, 0, 65536, 1, 0, 0, *[0] * 8),
            LOOKUP: struct.pack("<4Q2I", 2, 0, 0, 0, 0, 0) + attributes(2),
            GETATTR: struct.pack("<Q2I", 0, 0, 0) + attributes(node),
            READ: b"", RELEASE: b"", FLUSH: b""}.get(code)


def serve(device):
    while True:
        _, code, unique, node = struct.unpack_from("<2I2Q", os.read(device, 1 << 17))
        body = answer(code, node)
        error = -38 if body is None else 0
        body = body or b""
        os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


def mount():
    """Mounts it for this process and a child that serves it; both end together."""
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    for result in (libc.unshare(NEWNS), libc.mount(None, b"/", None, PRIVATE, None),
                   libc.mount(b"slow", FOLDER.encode(), b"fuse", 0, options)):
        if result:
            raise OSError(ctypes.get_errno(), "cannot mount")
    if os.fork() == 0:
        libc.prctl(1, signal.SIGKILL)
        try:
            serve(device)
        finally:
            os._exit(1)
    os.close(device)


def load():
    with open(FOLDER + "/report.txt", encoding="ascii") as file:  # line: open
        return file.read()


async def main():
    ready()
    while True:
        await asyncio.sleep(0.3)
        load()


mount()
asyncio.run(main())
