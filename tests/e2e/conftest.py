# SPDX-License-Identifier: BSD-2-Clause
"""What pytest needs to know of the end-to-end tests.

Each test gets a Case (lib/case.py), and runs once for each interpreter that it asks for. With
pytest-xdist, tests of several workers run at the same time; one that is marked `alone` does not.
"""

import fcntl
import os
import signal
import subprocess

import pytest

from lib import interpreters
from lib.case import Case
from lib.lines import name_of
from lib.processes import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
PYTHONS = pytest.StashKey()  # of the configuration: the interpreters of this machine
FAILED = pytest.StashKey()  # of a test: whether it failed


def pytest_addoption(parser):
    group = parser.getgroup("loopprof")
    group.addoption("--loopprof", metavar="PATH", default=os.path.join(BUILD, "loopprof"),
                    help="default: build/loopprof")
    group.addoption("--roots", metavar="DIR", default=os.path.join(BUILD, "roots"),
                    help="directory of the Debian roots, default: build/roots")
    group.addoption("--keep", action="store_true",
                    help="do not remove the files of tests that fail")


def make_roots(directory):
    """Makes the roots that do not exist yet."""
    made = subprocess.run([os.path.join(HERE, "roots.sh"), directory], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode != 0:
        raise pytest.UsageError(f"{made.stdout}the roots could not be made")


def on_terminate(signum, frame):
    pytest.exit("terminated", 128 + signum)


def pytest_configure(config):
    if os.geteuid() != 0:
        raise pytest.UsageError("the tests must be run as root, as loopprof must be")
    config.addinivalue_line("markers", "alone: no other test runs at the same time")
    if not hasattr(config, "workerinput"):  # one process makes them for all workers
        make_roots(config.option.roots)
    config.stash[PYTHONS] = interpreters.discover(config.option.roots)
    if not config.stash[PYTHONS]:
        raise pytest.UsageError(f"{interpreters.HOST_PYTHON} is no CPython that the tests support")
    signal.signal(signal.SIGTERM, on_terminate)


def pytest_generate_tests(metafunc):
    """Decorators of lib/case.py select the interpreters of a test; by default it is the host's."""
    select = getattr(metafunc.function, "interpreters", None)
    if select is None:
        return
    selected = [python for python in metafunc.config.stash[PYTHONS] if select(python)]
    metafunc.parametrize("interpreter", selected, indirect=True,
                         ids=[python.name for python in selected])


def pytest_itemcollected(item):
    # -k finds the test by this name, too
    item.extra_keyword_matches.add(name_of(item.nodeid))


def pytest_runtestloop(session):
    loopprof = session.config.option.loopprof
    if not session.config.option.collectonly and not os.access(loopprof, os.X_OK):
        raise pytest.UsageError(f"{loopprof} is not there; make builds it")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Tests share a lock, which a test that runs alone has for itself."""
    with open(os.path.join(item.config.option.roots, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        yield


@pytest.fixture
def interpreter(request):
    return getattr(request, "param", request.config.stash[PYTHONS][0])


@pytest.fixture
def case(request, interpreter):
    made = Case(os.path.abspath(request.config.option.loopprof), interpreter)
    yield made
    keep = request.config.option.keep and request.node.stash.get(FAILED, False)
    if keep:
        made.note(f"files: {made.directory}")
    made.close(keep)
    request.node.user_properties += [("note", text) for text in made.notes]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A Failure says all that there is to say, so that its traceback is left out."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.stash[FAILED] = True
        if isinstance(call.excinfo.value, Failure):
            report.longrepr = str(call.excinfo.value)
