"""A process that maps files which a profiler may fail on, in a directory of its own.

sparse BYTES    a file of that size: one segment covers all of it, and symbols begin at 8 KiB
poked BYTES     such a file without symbols, which claims to contain Task.__del__
shrinking       a copy of the interpreter that becomes short and long again, for ever
device          a device
many NUMBER     that many mappings of a file whose path is nearly as long as paths can be

The files of all but the last two have the name of the interpreter's library.
"""

import asyncio
import ctypes
import mmap
import os
import stat
import struct
import sys
import tempfile
import threading
import time

from truth import loop_waits_for_go

NAME = "libpython3.11.so.1.0"
READ, EXECUTE, SHARED, PRIVATE = 1, 4, 1, 2
TP_FINALIZE = 392
SYMBOLS_AT, STRINGS_AT, SECTIONS_AT = 8192, 4096, 1024

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_long]


def map_page(descriptor, kind=SHARED, access=READ):
    return libc.mmap(None, mmap.PAGESIZE, access, kind, descriptor, 0)


def sparse(path, size, symbols):
    """A sparse ELF file, of which only a few bytes are on the disk."""
    sections = [struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]
    if symbols:
        sections += [
            struct.pack("<IIQQQQIIQQ", 1, 11, 2, 0, SYMBOLS_AT, (size - SYMBOLS_AT) // 24 * 24,
                        2, 0, 8, 24),
            struct.pack("<IIQQQQIIQQ", 1, 3, 2, 0, STRINGS_AT, 64, 0, 0, 1, 0),
        ]
    with open(path, "wb") as file:
        file.truncate(size)
        file.write(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + bytes(9), 3, 62, 1,
                               0, 64, SECTIONS_AT, 0, 64, 56, 1, 64, len(sections), 0))
        file.write(struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096))
        file.seek(SECTIONS_AT)
        file.write(b"".join(sections))
        file.seek(STRINGS_AT)
        file.write(b"\0_PyRuntime\0")
    return os.open(path, os.O_RDONLY)


def poke(descriptor):
    import _asyncio
    slot = ctypes.c_uint64.from_address(id(_asyncio.Task) + TP_FINALIZE)
    slot.value = map_page(descriptor, access=READ | EXECUTE) + 100


def shrink_for_ever(path):
    with open(sys.executable, "rb") as file:
        whole = file.read()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    os.write(descriptor, whole)
    map_page(descriptor)

    def turn():
        while True:
            os.ftruncate(descriptor, 4096)
            time.sleep(0.0005)
            os.pwrite(descriptor, whole, 0)
            time.sleep(0.001)
    threading.Thread(target=turn, daemon=True).start()


def map_many(directory, number):
    at = os.open(directory, os.O_PATH)
    for _ in range(15):
        os.mkdir("d" * 250, dir_fd=at)
        at, last = os.open("d" * 250, os.O_PATH, dir_fd=at), at
        os.close(last)
    descriptor = os.open("library.so", os.O_RDWR | os.O_CREAT, dir_fd=at)
    os.ftruncate(descriptor, mmap.PAGESIZE)
    for _ in range(number):
        if map_page(descriptor) in (None, ctypes.c_void_p(-1).value):
            sys.exit("no more mappings")


async def ticks():
    await loop_waits_for_go()
    time.sleep(0.15)


def main():
    kind, number = sys.argv[2], int(float(sys.argv[3])) if len(sys.argv) > 3 else 0
    with tempfile.TemporaryDirectory(dir=os.path.dirname(sys.argv[1])) as directory:
        path = os.path.join(directory, NAME)
        if kind == "sparse":
            map_page(sparse(path, number, True))
        elif kind == "poked":
            poke(sparse(os.path.join(directory, "module.so"), number, False))
        elif kind == "shrinking":
            shrink_for_ever(path)
        elif kind == "device":
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
            map_page(os.open(path, os.O_RDWR), PRIVATE)
        elif kind == "many":
            map_many(directory, number)
        asyncio.run(ticks())
        sys.stdout.flush()
        if kind == "poked":
            os._exit(0)


if __name__ == "__main__":
    main()
