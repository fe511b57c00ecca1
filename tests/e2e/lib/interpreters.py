"""The Pythons that run targets: the host's, pyenv's, and those in the roots."""

import glob
import os
import subprocess
from dataclasses import dataclass

HOST_PYTHON = "/usr/bin/python3"
OLDEST, NEWEST = (3, 8), (3, 15)

# Also runs on Python 2; the output has whether it is CPython with a GIL.
PROBE = """
import sys, sysconfig
name = getattr(getattr(sys, "implementation", None), "name", "cpython")
threaded = sysconfig.get_config_var("Py_GIL_DISABLED") or 0
print("%s %s %d.%d.%d" % ((name, int(threaded)) + tuple(sys.version_info[:3])))
"""


@dataclass(frozen=True)
class Interpreter:
    name: str
    version: tuple
    executable: str  # the path by which a process of it names it
    root: str = ""  # the directory that it is chrooted to

    def command(self, *arguments):
        """The command line that runs it; paths of the host are translated."""
        enter = ["chroot", self.root] if self.root else []
        return enter + [self.executable] + [self.inside(argument) for argument in arguments]

    def inside(self, argument):
        """The path in the chroot of a path of the host."""
        if self.root and argument.startswith(self.root + "/"):
            return argument[len(self.root):]
        return argument

    @property
    def supported(self):
        return OLDEST <= self.version[:2] <= NEWEST


def _probe(kind, executable, root=""):
    """The interpreter at a path, or None if it is not one that the tests can use."""
    found = Interpreter(kind, (), executable, root)
    answer = subprocess.run(found.command("-c", PROBE), stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=False)
    if answer.returncode != 0:
        return None
    implementation, threaded, version = answer.stdout.split()
    if implementation != "cpython" or threaded != "0":
        return None
    numbers = tuple(int(number) for number in version.split("."))
    return Interpreter(f"{kind}-{version}", numbers, executable, root)


def _pyenv_executables():
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for version in sorted(glob.glob(os.path.join(glob.escape(root), "versions", "*"))):
        executable = os.path.join(version, "bin", "python")
        if os.access(executable, os.X_OK):
            yield executable


def host():
    return _probe("host", HOST_PYTHON)


def discover(roots):
    """All CPythons of the machine, supported or not; the host's comes first."""
    found = [host()]
    found += [_probe("pyenv", executable) for executable in _pyenv_executables()]
    for root in sorted(glob.glob(os.path.join(glob.escape(os.path.abspath(roots)), "*"))):
        if os.path.isdir(root):
            found.append(_probe(os.path.basename(root), HOST_PYTHON, root))
    known = [interpreter for interpreter in found if interpreter]
    return sorted(known, key=lambda interpreter: (interpreter is not known[0],
                                                  interpreter.version))
