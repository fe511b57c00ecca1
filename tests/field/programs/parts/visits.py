# SPDX-License-Identifier: BSD-2-Clause
"""A client in a process of its own: it asks a server for its pages in turn, until its parent ends.

    visits.py PID PORT PATH...
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from parts.ready import ready  # pylint: disable=wrong-import-position

ANSWERS_BEFORE_READY = 5


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def visit(port, *paths, pid=None):
    """Starts the client; the program is ready once some requests were answered."""
    return subprocess.Popen([sys.executable, os.path.abspath(__file__), str(pid or os.getpid()),
                             str(port), *paths])


def serve(port, *module):
    """Runs a module that serves the port in a process of its own, and asks it for argv[1]."""
    with subprocess.Popen([sys.executable, "-m", *module]) as server, \
            visit(port, sys.argv[1], pid=server.pid):
        server.wait()


def main(pid, port, paths):
    parent, count = os.getppid(), 0
    while os.getppid() == parent:
        path = paths[count % len(paths)]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                answer.read()
            count += 1
        except (OSError, urllib.error.URLError):
            pass
        if count == ANSWERS_BEFORE_READY:
            ready(pid)
        time.sleep(0.1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
