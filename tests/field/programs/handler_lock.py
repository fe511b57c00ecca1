# SPDX-License-Identifier: BSD-2-Clause
"""A thread holds the lock of a logging handler while its sink is slow."""

import asyncio
import logging
import threading
import time

from parts.ready import ready

CASE = {
    "shows": "a log line waits for the lock of the handler, which another thread holds",
    "pythons": ["3.11", "3.14"],
    "needs": "nothing",
    "looks": [
        {"command": ["-d", "5s"],
         "partly": [r"blocked", r"{log}"],
         "right": [r"'shipper'", r"{sink}"]},
        {"command": ["-m", "sample", "-d", "5s"],
         "partly": [r"blocked", r"{log}"]},
    ],
}
LOG = logging.getLogger("shop")


class Sink:
    def write(self, text):
        if text.startswith("bulk"):
            time.sleep(0.6)  # line: sink

    def flush(self):
        pass


def ship():
    while True:
        LOG.info("bulk")
        time.sleep(0.4)


async def main():
    logging.basicConfig(stream=Sink(), level=logging.INFO, format="%(message)s")
    threading.Thread(target=ship, name="shipper", daemon=True).start()
    ready()
    while True:
        LOG.info("request")  # line: log
        await asyncio.sleep(0.05)


asyncio.run(main())
