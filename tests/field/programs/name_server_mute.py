# SPDX-License-Identifier: BSD-2-Clause
"""A name server that does not answer, asked by getaddrinfo() on the loop."""

import asyncio
import ctypes
import os
import socket
import tempfile

from parts.ready import ready

CASE = {
    "shows": "getaddrinfo() on the loop asks a name server that is mute",
    "pythons": ["3.11", "3.13"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"poll on udp 127\.\d+\.\d+\.\d+:53", r"{ask}"],
         "right": [r"DNS look-up of api\.example\.test"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"{ask}"],
         "right": [r"DNS look-up of api\.example\.test"]},
    ],
}
NEWNS, PRIVATE, BIND = 0x20000, 0x44000, 0x1000
# Each run has a name server of its own on the loopback.
ADDRESS = "127.%d.%d.7" % (1 + os.getpid() // 250 % 250, os.getpid() % 250)


def use_own_server():
    """This process alone sees another resolv.conf."""
    libc = ctypes.CDLL(None, use_errno=True)
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(f"nameserver {ADDRESS}\noptions timeout:1 attempts:1\n")
    for result in (libc.unshare(NEWNS), libc.mount(None, b"/", None, PRIVATE, None),
                   libc.mount(file.name.encode(), b"/etc/resolv.conf", None, BIND, None)):
        if result:
            raise OSError(ctypes.get_errno(), "cannot mount")


def validate():
    try:
        socket.getaddrinfo("api.example.test", 443)  # line: ask
    except socket.gaierror:
        pass


async def check():
    validate()


async def main():
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mute.bind((ADDRESS, 53))
    loop = asyncio.get_running_loop()
    ready()
    while True:
        await asyncio.sleep(0.3)
        await loop.create_task(check(), name="check")


use_own_server()
asyncio.run(main())
