# SPDX-License-Identifier: BSD-2-Clause
"""A worker of dask computes in C code that keeps the GIL, and its loop does not answer."""

import time

from dask.distributed import Client, LocalCluster
from parts.ready import ready

CASE = {
    "shows": "a worker of dask keeps the GIL from its own loop",
    "pythons": ["3.11", "3.13"],
    "needs": "packages",
    "looks": [
        {"command": ["-d", "6s"],
         "partly": [r"waiting for the GIL .*held by '", r"crunch +\S+:\d+"],
         "right": [r"held by '(Dask|…?[^']*Threads)"],
         "never": [r"no running (event )?loop"]},
    ],
}


def crunch(number):
    return (7 ** (1500000 + number)) > 1


if __name__ == "__main__":
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=False,
                           dashboard_address=None)
    client = Client(cluster)
    count = 0
    while True:
        client.submit(crunch, count).result()
        ready()
        count += 1
        time.sleep(0.3)
