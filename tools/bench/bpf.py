"""The BPF programs in the kernel and their run times, by the bpf system call itself.

bpftool prints the same, but takes as long as the slices between which it would run.
"""

import ctypes
import os
import struct

SYS_BPF = 321  # x86-64
PROG_GET_NEXT_ID, PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD, ENABLE_STATS = 11, 13, 15, 32
STATS_RUN_TIME = 0
# Offsets of name, run_time_ns and run_cnt in struct bpf_prog_info.
NAME_AT, NAME_BYTES, RUN_AT, INFO_BYTES = 64, 16, 192, 232
# The kernel cuts names at 15 characters.
DISPATCH_NAMES = ("lp_context_run", "lp_context_queu")
# Every loopprof has one program of this name, in both modes.
PROFILER_NAME = "lp_process_exit"
SYSTEM_CALL_NAME = "lp_sys_enter"

_syscall = ctypes.CDLL(None, use_errno=True).syscall


def _bpf(command, attribute):
    """(result, the attribute as the kernel left it) of a call."""
    memory = ctypes.create_string_buffer(attribute, len(attribute))
    result = _syscall(SYS_BPF, command, memory, len(attribute))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result, memory.raw


def _info(descriptor):
    info = ctypes.create_string_buffer(INFO_BYTES)
    _bpf(OBJ_GET_INFO_BY_FD, struct.pack("=IIQ", descriptor, INFO_BYTES, ctypes.addressof(info)))
    return info.raw


def programs():
    """{id: (name, run_time_ns, run_count)} of every program of the host."""
    found, number = {}, 0
    while True:
        try:
            _, attribute = _bpf(PROG_GET_NEXT_ID, struct.pack("=III", number, 0, 0))
        except OSError:
            return found
        number = struct.unpack_from("=I", attribute, 4)[0]
        try:
            descriptor, _ = _bpf(PROG_GET_FD_BY_ID, struct.pack("=III", number, 0, 0))
        except OSError:
            continue  # the program was freed meanwhile
        try:
            info = _info(descriptor)
        finally:
            os.close(descriptor)
        name = info[NAME_AT:NAME_AT + NAME_BYTES].split(b"\0")[0].decode()
        found[number] = (name, *struct.unpack_from("=QQ", info, RUN_AT))


def profilers():
    """The number of loopprofs on this host: those of others disturb a comparison."""
    return sum(name == PROFILER_NAME for name, _, _ in programs().values())


def on_every_system_call():
    """Whether a loopprof is on the system call tracepoints, that is on all processes of the host.
    """
    return any(name == SYSTEM_CALL_NAME for name, _, _ in programs().values())


def run_times(others):
    """{name: nanoseconds} of the programs that are not among these others."""
    return {name: nanoseconds for number, (name, nanoseconds, _) in programs().items()
            if number not in others}


class RunTimes:
    """Makes the kernel measure all programs until the end of the block (5.8 and later)."""

    def __enter__(self):
        self._descriptor, _ = _bpf(ENABLE_STATS, struct.pack("=III", STATS_RUN_TIME, 0, 0))
        return self

    def __exit__(self, *exception):
        os.close(self._descriptor)
