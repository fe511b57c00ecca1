"""uvloop for the Pythons of the tests: wheels in environments, which are reused."""

import os
import subprocess
from dataclasses import replace

from .interpreters import HOST_PYTHON
from .processes import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(HERE))), "build")
WHEELS = os.path.join(BUILD, "wheels")
# The host's is Debian's package, stripped and with the system's libuv.  Of the wheels,
# those up to 0.21 run protocols by Context.run; 0.22 has other fields in a Loop than 0.23.
VERSIONS = {(3, 8): "0.17.0", (3, 10): "0.19.0", (3, 11): "0.22.1", (3, 12): "0.23.0",
            (3, 13): "0.23.0"}
LIMIT_S = 120


def is_host(interpreter):
    return interpreter.executable == HOST_PYTHON and not interpreter.root


def has_uvloop(interpreter):
    return is_host(interpreter) or (not interpreter.root
                                    and interpreter.version[:2] in VERSIONS)


def _run(*command):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=LIMIT_S, check=False)
    return done.returncode == 0, done.stdout


def version_of(executable):
    well, text = _run(executable, "-c", "import uvloop; print(uvloop.__version__)")
    return text.strip() if well else None


def with_uvloop(interpreter):
    """The interpreter, or a copy of it in an environment that has uvloop."""
    if is_host(interpreter):
        if not version_of(interpreter.executable):
            raise Failure("python3-uvloop is not installed: tools/packages.sh test")
        return interpreter
    wanted = VERSIONS[interpreter.version[:2]]
    home = os.path.join(WHEELS, f"uvloop-{wanted}-{interpreter.name}")
    python = os.path.join(home, "bin", "python")
    if not os.path.exists(python) or version_of(python) != wanted:
        for command in ([interpreter.executable, "-m", "venv", "--clear", home],
                        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                         "--only-binary", ":all:", f"uvloop=={wanted}"]):
            well, text = _run(*command)
            if not well:
                raise Failure(f"{' '.join(command)}: {text.strip()[-500:]}")
    return replace(interpreter, executable=python)
