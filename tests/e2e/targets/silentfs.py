"""A file system with one file, f, whose pages are never read in: its server does not answer.

    silentfs.py TRUTH DIRECTORY [FAILURES SECONDS]

It is mounted in a mount namespace of this process, so that it ends with the process; a reader
of one of its pages then gets an error. Its file is /proc/PID/root/DIRECTORY/f. The first FAILURES
reads get an error at once. Each one without an answer is printed; it ends SECONDS after the first.
"""

import ctypes
import errno
import os
import signal
import struct
import sys

FORGET, READ, INTERRUPT, BATCH_FORGET = 2, 15, 36, 42
LOOKUP, GETATTR, OPEN, RELEASE, FLUSH, INIT, OPENDIR, RELEASEDIR = 1, 3, 14, 18, 25, 26, 27, 29
CLONE_NEWNS = 0x20000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 0x40000
BYTES = 1 << 20


def attributes(node):
    mode, size = (0o40755, 0) if node == 1 else (0o100644, BYTES)
    return struct.pack("<6Q10I", node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(opcode, node):
    """The answer to a request, None for no answer, or an errno."""
    if opcode == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 4096, 0, 0, 0, 65536, 1, 0, 0, *[0] * 8)
    if opcode == LOOKUP:
        return struct.pack("<4Q2I", 2, 0, 1000, 1000, 0, 0) + attributes(2)
    if opcode == GETATTR:
        return struct.pack("<QII", 1000, 0, 0) + attributes(node)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<QII", 1, 0, 0)
    if opcode in (RELEASE, FLUSH, RELEASEDIR):
        return b""
    return 38


def mount(directory):
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
        raise OSError(ctypes.get_errno(), "unshare")
    if libc.mount(b"silentfs", directory.encode(), b"fuse", MS_NOSUID | MS_NODEV, options):
        raise OSError(ctypes.get_errno(), "mount")
    return device


def main():
    failures, seconds = map(int, sys.argv[3:] or (0, 0))
    device = mount(sys.argv[2])
    print("ready", flush=True)
    while True:
        request = os.read(device, 1 << 20)
        opcode, unique, node = struct.unpack_from("<4xIQQ", request)
        if opcode in (FORGET, INTERRUPT, BATCH_FORGET):
            continue
        if opcode == READ and not failures:
            print("no answer", flush=True)
            if seconds:
                signal.alarm(seconds)
                seconds = 0
            continue
        failures -= opcode == READ
        reply = errno.EIO if opcode == READ else answer(opcode, node)
        if isinstance(reply, int):
            os.write(device, struct.pack("<IiQ", 16, -reply, unique))
        else:
            os.write(device, struct.pack("<IiQ", 16 + len(reply), 0, unique) + reply)


if __name__ == "__main__":
    main()
