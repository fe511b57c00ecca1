# SPDX-License-Identifier: BSD-2-Clause
"""The Pythons of the cases, and environments that have their packages, made once under build/."""

import fcntl
import hashlib
import os
import subprocess
import sys
from dataclasses import replace

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
from lib import interpreters  # pylint: disable=wrong-import-position,import-error

REQUIREMENTS = os.path.join(HERE, "requirements.txt")
LIMIT_S = 900


def pythons(roots):
    """Interpreters by version, "3.13"; of several, the host's, then pyenv's, then a root's."""
    found = {}
    for python in interpreters.discover(roots):
        if not python.supported:
            continue
        version = "%d.%d" % python.version[:2]
        if version not in found or found[version].root:
            found[version] = python
    return found


def _run(lock, *command):
    """Runs a command that shares the lock: it outlives this process, should this one be killed."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=LIMIT_S, check=False, pass_fds=[lock.fileno()])
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout.strip()[-800:]}")


def with_packages(python):
    """A copy of the interpreter in an environment with the packages, or None for one in a root.

    The environment is of these requirements: others are installed into another one.
    """
    if python.root:
        return None
    with open(REQUIREMENTS, "rb") as file:
        edition = hashlib.sha256(file.read()).hexdigest()[:12]
    home = os.path.join(BUILD, "field", f"{python.name}-{edition}")
    executable = os.path.join(home, "bin", "python")
    os.makedirs(os.path.dirname(home), exist_ok=True)
    # Another run may be making it, and an environment counts once it is complete.
    with open(home + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(home, "complete")):
            _run(lock, python.executable, "-m", "venv", "--clear", home)
            _run(lock, executable, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                 "--only-binary", ":all:", "-r", REQUIREMENTS)
            with open(os.path.join(home, "complete"), "w", encoding="ascii"):
                pass
    return replace(python, executable=executable)
