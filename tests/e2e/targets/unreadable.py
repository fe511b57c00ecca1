"""A loop that stalls now and then, with a pointer to a page that is never filled.

    unreadable.py TRUTH PLACE PAGE

PLACE is the pointer: "warn", the method definition of warnings.warn, which is read to find
findings' probes; "asyncio", the dict of the module _asyncio, which is read first of all;
"library", a file that is mapped as code; or "none". PAGE is "uffd", a page that is never filled
(userfaultfd), or a file to map.
"""

import asyncio
import ctypes
import fcntl
import gc
import mmap
import os
import struct
import sys
import time
import _asyncio
import _warnings

from truth import loop_waits_for_go

SYS_USERFAULTFD = 323
UFFDIO_API, UFFDIO_REGISTER = 0xc018aa3f, 0xc020aa00
PAGES = 16
descriptors = []


def libc():
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                             ctypes.c_int, ctypes.c_long]
    return library


def page_of(what, protection=mmap.PROT_READ):
    """An address in a page; a process that touches the page waits for ever."""
    size = PAGES * mmap.PAGESIZE
    if what != "uffd":
        file = os.open(what, os.O_RDONLY)
        return libc().mmap(None, size, protection, mmap.MAP_SHARED, file, 0) + mmap.PAGESIZE
    descriptor = libc().syscall(SYS_USERFAULTFD, os.O_CLOEXEC | os.O_NONBLOCK)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "userfaultfd")
    address = libc().mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE,
                          mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    fcntl.ioctl(descriptor, UFFDIO_API, bytearray(struct.pack("<3Q", 0xAA, 0, 0)))
    fcntl.ioctl(descriptor, UFFDIO_REGISTER, bytearray(struct.pack("<4Q", address, size, 1, 0)))
    descriptors.append(descriptor)
    return address + mmap.PAGESIZE


def spoil(place, page):
    if place == "library":
        page_of(page, mmap.PROT_READ | mmap.PROT_EXEC)
    owner = {"warn": _warnings.warn, "asyncio": _asyncio}.get(place)
    if owner is not None:
        # PyCFunctionObject.m_ml, PyModuleObject.md_dict
        ctypes.c_uint64.from_address(id(owner) + 16).value = page_of(page)


async def stall_often():
    while True:
        await asyncio.sleep(0.1)
        time.sleep(0.15)


async def main():
    stalling = asyncio.create_task(stall_often(), name="stalling")
    await asyncio.sleep(0)
    # garbage collections from now on might touch the page, too
    gc.disable()
    spoil(sys.argv[2], sys.argv[3])
    await loop_waits_for_go()
    stalling.cancel()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
