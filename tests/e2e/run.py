#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the end-to-end tests by pytest, as root, with a line of output for each test.

`pytest tests/e2e` runs the same tests, with all options and the display of pytest.
"""

import argparse
import contextlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# No header, no progress, no summary; short tracebacks for errors in a test itself.
QUIET = ["-qq", "-rN", "--tb=short", "--override-ini=console_output_style=classic"]


def parse(arguments):
    parser = argparse.ArgumentParser(description="Runs the end-to-end tests.")
    parser.add_argument("filter", nargs="*",
                        help="run only tests whose name contains one of these")
    parser.add_argument("--list", action="store_true", help="print the names of the tests")
    parser.add_argument("--loopprof", metavar="PATH", help="default: build/loopprof")
    parser.add_argument("--roots", metavar="DIR", help="of the Debian roots, default: build/roots")
    parser.add_argument("--keep", action="store_true",
                        help="do not remove the files of tests that fail")
    parser.add_argument("-j", "--jobs", type=int, default=2, metavar="N",
                        help="tests that run at the same time (default: 2)")
    parser.add_argument("--junitxml", metavar="PATH", help="also write the results to this file")
    return parser.parse_args(arguments)


def main():
    try:
        import pytest  # pylint: disable=import-outside-toplevel
    except ImportError:
        sys.exit(f"run.py: {sys.executable} has no pytest; tools/packages.sh test installs it for "
                 "/usr/bin/python3")
    from lib.lines import Lines, Names  # pylint: disable=import-outside-toplevel

    options = parse(sys.argv[1:])
    arguments = [*QUIET, "-c", os.path.join(HERE, "pytest.ini"), HERE]
    for name in ("loopprof", "roots", "junitxml"):
        value = getattr(options, name)
        if value:
            arguments.append(f"--{name}={os.path.abspath(value)}")
    if options.keep:
        arguments.append("--keep")
    if options.filter:
        arguments += ["-k", " or ".join(options.filter)]
    if options.list:
        selected = Names()
        with contextlib.redirect_stdout(sys.stderr):
            status = pytest.main(arguments, plugins=[selected])
        for name in selected.names:
            print(name)
        return status
    if options.jobs > 1:
        arguments += ["-n", str(options.jobs)]
    lines = Lines()
    status = pytest.main(arguments, plugins=[lines])
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        sys.exit("run.py: no test has such a name")
    if status != pytest.ExitCode.USAGE_ERROR:
        print(lines)
    return status


if __name__ == "__main__":
    sys.exit(main())
