"""Holds its memory lock until the server of a file answers.

    lockholder.py TRUTH FILE

After "go" it touches a page of the file. The kernel waits for the first read of the page without
the lock; if that fails, it reads the page once more, and has the lock meanwhile.
"""

import mmap
import os
import sys

from truth import wait_for_go

with mmap.mmap(os.open(sys.argv[2], os.O_RDONLY), 16 * mmap.PAGESIZE, mmap.MAP_SHARED,
               mmap.PROT_READ) as file:
    file.madvise(mmap.MADV_RANDOM)
    wait_for_go()
    print(file[mmap.PAGESIZE])
