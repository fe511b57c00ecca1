#!/usr/bin/env python3
"""Runs the end-to-end tests: real programs, real kernel, as root.

Every function test_* of the files test_*.py beside this one is a test. It gets a
Case (lib/case.py) and runs once for each interpreter that it asks for. Tests run
one after the other, since most of them compare times.
"""

import argparse
import glob
import importlib
import os
import signal
import subprocess
import sys
import time
import traceback
import unittest

from lib import interpreters
from lib.case import Case
from lib.processes import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
LIMIT_S = 180


def find_tests():
    """All tests with their names, by file and in the order of the file."""
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for name, test in vars(module).items():
            if name.startswith("test_"):
                yield f"{module.__name__[5:]}.{name[5:]}", test


def find_cases(pythons):
    """All tests, each with every interpreter that it has to run on."""
    for name, test in find_tests():
        wanted = getattr(test, "interpreters", None)
        if wanted is None:
            yield name, test, pythons[0]
            continue
        for interpreter in pythons:
            if wanted(interpreter):
                yield f"{name}[{interpreter.name}]", test, interpreter


def on_alarm(signum, frame):
    raise Failure(f"took more than {LIMIT_S} s")


def on_terminate(signum, frame):
    sys.exit(128 + signum)


def where(error):
    """The last lines of a traceback, for an error in a test itself."""
    last = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}"
                      for frame in reversed(last))


def run_case(test, case):
    """Runs one test.  Returns its outcome and the reason."""
    signal.alarm(LIMIT_S)
    try:
        test(case)
        return "ok", ""
    except unittest.SkipTest as skip:
        return "skip", str(skip)
    except Failure as failure:
        return "FAIL", str(failure)
    except Exception as error:  # noqa: BLE001: whatever the error is, the other tests go on
        return "FAIL", f"{error!r} at {where(error)}"
    finally:
        signal.alarm(0)


def run_all(cases, loopprof, keep):
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    for name, test, interpreter in cases:
        case = Case(loopprof, interpreter)
        start = time.monotonic()
        outcome = "FAIL"
        try:
            outcome, reason = run_case(test, case)
        finally:
            case.close(keep and outcome == "FAIL")
        counts[outcome] += 1
        reason = f": {reason}" if reason else f" ({time.monotonic() - start:.1f} s)"
        print(f"{outcome} {name}{reason}", flush=True)
        for note in case.notes:
            print(f"    {note}", flush=True)
        if keep and outcome == "FAIL":
            print(f"    kept: {case.directory}", flush=True)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    return 1 if counts["FAIL"] else 0


def make_roots(directory):
    """Makes the roots that do not exist yet."""
    made = subprocess.run([os.path.join(HERE, "roots.sh"), directory], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode != 0:
        sys.exit(f"run.py: {made.stdout}run.py: the roots could not be made")


def parse(arguments):
    parser = argparse.ArgumentParser(description="Runs the end-to-end tests.")
    parser.add_argument("filter", nargs="*",
                        help="run only tests whose name contains one of these")
    parser.add_argument("--list", action="store_true", help="print the names of the tests")
    parser.add_argument("--loopprof", metavar="PATH",
                        default=os.path.join(BUILD, "loopprof"), help="default: build/loopprof")
    parser.add_argument("--roots", metavar="DIR", default=os.path.join(BUILD, "roots"),
                        help="of the Debian roots, default: build/roots")
    parser.add_argument("--keep", action="store_true", help="keep the files of failed tests")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    if os.geteuid() != 0:
        sys.exit("run.py: must be run as root, as loopprof must be")
    loopprof = os.path.abspath(options.loopprof)
    if not options.list and not os.access(loopprof, os.X_OK):
        sys.exit(f"run.py: {loopprof} is not there; make builds it")
    make_roots(options.roots)
    pythons = interpreters.discover(options.roots)
    if not pythons:
        sys.exit(f"run.py: {interpreters.HOST_PYTHON} is no CPython that the tests know")
    cases = [case for case in find_cases(pythons)
             if not options.filter or any(word in case[0] for word in options.filter)]
    if options.list:
        print("\n".join(name for name, _, _ in cases))
        return 0
    if not cases:
        sys.exit("run.py: no test has such a name")
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, on_terminate)
    return run_all(cases, loopprof, options.keep)


if __name__ == "__main__":
    sys.exit(main())
