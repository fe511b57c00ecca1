"""A name server that answers late, and how to make this thread ask it.

glibc's resolver takes its servers from a state that the program may change (see
resolver(3)): no file of the machine has to be changed, and root is not needed.
"""

import ctypes
import socket
import threading
import time

NAME = "late.example."
ADDRESS = "127.0.0.1"
HEADER_BYTES = 12
RES_STATE_SERVERS = 16  # offset of nscount; nsaddr_list follows it


class ServerAddresses(ctypes.Structure):
    """The part of struct __res_state that names the servers."""

    _fields_ = [("count", ctypes.c_int), ("family", ctypes.c_ushort),
                ("port", ctypes.c_ubyte * 2), ("address", ctypes.c_ubyte * 4)]


def answer_to(question):
    """The answer that NAME has the address of this machine."""
    end = question.index(b"\0", HEADER_BYTES) + 5
    header = question[:2] + bytes([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
    # A pointer to the name in the question, type A, class IN, a time to live, 4 bytes.
    record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(ADDRESS)
    return header + question[HEADER_BYTES:end] + record


class SlowServer:
    def __init__(self, seconds):
        self._seconds = seconds
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ADDRESS, 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._answer, name="name server", daemon=True).start()

    def _answer(self):
        """Answers one question."""
        # Closed explicitly: the finalizer would print a warning within another callback.
        with self._socket:
            question, client = self._socket.recvfrom(512)
            time.sleep(self._seconds)
            self._socket.sendto(answer_to(question), client)


def ask_only(port):
    """Makes this thread ask only the name server at that port from now on."""
    libc = ctypes.CDLL(None)
    configure = getattr(libc, "__nss_configure_lookup")
    if configure(b"hosts", b"dns") != 0 or getattr(libc, "__res_init")() != 0:
        raise OSError("the resolver cannot be set up")
    state = getattr(libc, "__res_state")
    state.restype = ctypes.c_void_p
    servers = ServerAddresses.from_address(state() + RES_STATE_SERVERS)
    servers.count = 1
    servers.family = socket.AF_INET
    servers.port[:] = port.to_bytes(2, "big")
    servers.address[:] = socket.inet_aton(ADDRESS)
