"""Maps the code of an ELF file that it does not run, so that it shows changes of the code."""

import mmap
import struct
import sys

from truth import wait_for_go


def code_of(path):
    """Offset and size of the segment that has code."""
    with open(path, "rb") as file:
        head = file.read(64)
        table, size, count = (*struct.unpack_from("<Q", head, 32),
                              *struct.unpack_from("<HH", head, 54))
        file.seek(table)
        for _ in range(count):
            kind, flags, offset, _, _, in_file = struct.unpack_from("<IIQQQQ", file.read(size))
            if kind == 1 and flags & 1:
                return offset & ~4095, in_file + (offset & 4095)
    raise ValueError(path)


offset, size = code_of(sys.argv[2])
with open(sys.argv[2], "rb") as file:
    code = mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC,
                     offset=offset)
    # pages that were never read show no changes
    touched = sum(code[at] for at in range(0, size, 4096))
wait_for_go()
