"""How long the main thread was ready to run without a CPU, by the scheduler's own count.

A test opens the file for the program, which may run in a root without /proc.
"""

import ctypes
import time

# What Case.observe opens: /proc/PID/schedstat (sched-stats in the kernel's documentation), whose
# second field is the time in ns.
DESCRIPTOR = 9
BYTES = 128

# Functions of a PyDLL keep the GIL, so that reading waits for no other thread.
_pread = ctypes.PyDLL(None).pread
_pread.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_longlong]
_text = ctypes.create_string_buffer(BYTES)


def run_delay_ns():
    """Zero if nobody has opened the file."""
    if _pread(DESCRIPTOR, _text, BYTES, 0) <= 0:
        return 0
    return int(_text.value.split()[1])


def own_time():
    """A clock in seconds that stands still while the main thread waits for a CPU."""
    return (time.monotonic_ns() - run_delay_ns()) / 1e9


def blocked_time():
    """A clock in seconds that runs only while the main thread wants no CPU."""
    return own_time() - time.thread_time()
