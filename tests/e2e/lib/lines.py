# SPDX-License-Identifier: BSD-2-Clause
"""The output of run.py: a line for each test as soon as it ends, and the counts."""

import collections
import os

import pytest


def name_of(nodeid):
    """The short name of a test: stalls.every_stall_is_found[host-3.11.2]."""
    path, _, test = nodeid.partition("::")
    module = os.path.basename(path).removeprefix("test_").removesuffix(".py")
    return f"{module}.{test.removeprefix('test_')}"


def reason_of(report):
    """Why a test failed or was skipped."""
    if report.skipped:
        return report.longrepr[2]
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        worker = getattr(report, "node", None)  # pytest-xdist puts a line before the reason
        return report.longreprtext.split("\n", 1 if worker else 0)[-1]
    return f"{crash.message.splitlines()[0]} at {os.path.basename(crash.path)}:{crash.lineno}"


class Lines:
    """A plugin of pytest that replaces its display of progress.

    Of pytest's own output, what is left are the tracebacks at the end, and errors outside of tests.
    """

    def __init__(self):
        self.counts = {"ok": 0, "FAIL": 0, "skip": 0}
        self._phases = collections.defaultdict(list)
        self._terminal = None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config):
        self._terminal = config.pluginmanager.getplugin("terminalreporter")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session):
        """What pytest-xdist says of its workers is left out."""
        session.config.pluginmanager.unregister(name="terminaldistreporter")

    def pytest_report_teststatus(self, report):
        """Category, letter and word.  pytest prints the tracebacks of category failed at the end."""
        traceback = report.failed and not isinstance(report.longrepr, str)
        return ("failed" if traceback else "", "", "")

    def pytest_runtest_logreport(self, report):
        """A test has three reports, for its fixtures, itself, and the end of its fixtures.

        Reports of tests that run at the same time come mixed.
        """
        self._phases[report.nodeid].append(report)
        if report.when == "teardown":
            self._end(report, self._phases.pop(report.nodeid))

    def _end(self, last, phases):
        bad = [phase for phase in phases if not phase.passed]
        outcome = "ok" if not bad else "FAIL" if any(phase.failed for phase in bad) else "skip"
        self.counts[outcome] += 1
        seconds = sum(phase.duration for phase in phases)
        reason = f": {reason_of(bad[0])}" if bad else f" ({seconds:.1f} s)"
        self._terminal.write_line(f"{outcome} {name_of(last.nodeid)}{reason}")
        for kind, text in last.user_properties:
            if kind == "note":
                self._terminal.write_line(f"    {text}")

    def __str__(self):
        return (f"{self.counts['ok']} passed, {self.counts['FAIL']} failed, "
                f"{self.counts['skip']} skipped")


class Names:
    """A plugin that collects the names of the selected tests instead of running them."""

    def __init__(self):
        self.names = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        if session.testsfailed:
            return None  # a file of tests could not be imported; pytest reports it
        self.names = [name_of(item.nodeid) for item in session.items]
        return True
