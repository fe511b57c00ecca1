"""Cgroups for the tests, so that a loopprof profiles their processes and no others."""

import contextlib
import os

from .processes import Failure


def _hierarchy():
    for path in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"):
        if os.path.exists(path + "/cgroup.procs"):
            return path
    raise Failure("no cgroup hierarchy is mounted")


class Cgroup:
    """A cgroup, which is removed at the end of the block, together with those below it."""

    def __init__(self, name):
        self.path = os.path.join(_hierarchy(), f"{name}-{os.getpid()}")
        self._made = []

    def below(self, *names):
        """Makes a cgroup below this one, and returns its path."""
        path = self.path
        for name in ("", *"/".join(names).split("/")):
            path = os.path.join(path, name) if name else path
            if not os.path.isdir(path):
                os.mkdir(path)
                self._made.append(path)
        return path

    def prefix(self, *names):
        """The words before a command that run it in the cgroup."""
        return ["sh", "-c", f'echo $$ >{self.below(*names)}/cgroup.procs; exec "$@"', "sh"]

    def freeze(self, frozen):
        """Freezes its processes, or lets them go on."""
        with open(self.path + "/cgroup.freeze", "w", encoding="ascii") as file:
            file.write("1" if frozen else "0")

    def __enter__(self):
        self.below()
        return self

    def __exit__(self, *exception):
        for path in reversed(self._made):
            # a process of a failed test may need a moment more to end
            with contextlib.suppress(OSError):
                os.rmdir(path)
