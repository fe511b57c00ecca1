#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs loopprof on programs of known truth and prints what it says right, partly and wrong.

    run.py [--readme] [WORD...]

Each program of programs/ and servers/ runs on each of its Pythons that this machine has; two of
them at a time. WORD selects those with that in their names. --readme writes the section "What it
tells" of README.md, from all cases.
"""

import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cases
import environments
import table

READY_S = 40
LOOK_S = 90
AT_A_TIME = 2


class Unusable(Exception):
    """The program did not come into its state, so that nothing can be said about loopprof."""


class Program:
    """A running program of a case, in a session of its own; it ends with the block."""

    def __init__(self, case, python, arguments):
        self.home = tempfile.mkdtemp(prefix="loopprof-field.",
                                     dir=python.root + "/tmp" if python.root else None)
        self.place = os.path.join(self.home, "programs")
        shutil.copytree(os.path.join(cases.HERE, "programs"), self.place,
                        ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(case.path, self.place)
        self.ready = os.path.join(self.home, "ready")
        self.log = os.path.join(self.home, "log")
        script = os.path.join(self.place, case.name + ".py")
        environment = {**os.environ, "FIELD_READY": python.inside(self.ready),
                       "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": python.inside(self.home)}
        with open(self.log, "wb") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(python.command(script, *arguments), cwd=self.place,
                                            env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)

    def wait(self):
        """The PID to look at, once the program says that it has come into its state."""
        limit = time.monotonic() + READY_S
        while not os.path.exists(self.ready):
            if self.process.poll() is not None or time.monotonic() > limit:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise Unusable("not ready: " + log.read()[-600:])
            time.sleep(0.05)
        with open(self.ready, encoding="ascii") as file:
            return file.read()

    def _members(self):
        """All processes of the session."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getsid(int(pid)) == self.process.pid:
                    yield int(pid)
            except ProcessLookupError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in (signal.SIGCONT, signal.SIGKILL):
            for pid in self._members():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
        # cgroups that the program made for itself
        for folder in ("", "cpu/", "memory/"):
            path = f"/sys/fs/cgroup/{folder}loopprof-field-{self.process.pid}"
            if os.path.isdir(path):
                os.rmdir(path)


def look_at(loopprof, look, pid):
    """What loopprof prints, and its exit status as a last line."""
    command = [loopprof, *look["command"], "-p", pid]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        for limit, number in ((look.get("seconds", LOOK_S), signal.SIGINT),
                              (LOOK_S, signal.SIGKILL), (None, None)):
            try:
                text = running.communicate(timeout=limit)[0]
                break
            except subprocess.TimeoutExpired:
                running.send_signal(number)
    return text.decode(errors="replace") + f"\nexit {running.returncode}\n"


def run_case(loopprof, case, python, keep):
    """The verdict on a case with one Python, and its reasons."""
    verdicts, reasons = [], []
    starts = []
    for look in case.looks:
        if look.get("arguments", ()) not in starts:
            starts.append(look.get("arguments", ()))
    for arguments in starts:
        with Program(case, python, arguments) as program:
            pid = program.wait()
            for look in case.looks:
                if look.get("arguments", ()) != arguments:
                    continue
                text = look_at(loopprof, look, pid)
                verdict, why = cases.judge(case, look, text)
                verdicts.append(verdict)
                words = " ".join([*look["command"], *arguments])
                reasons += [f"{words}: {reason}" for reason in why]
                if keep:
                    name = f"{case.name}-{python.name}-{words}".replace("/", "_").replace(" ", "_")
                    with open(os.path.join(keep, name + ".txt"), "w", encoding="utf-8") as file:
                        file.write(text)
    return cases.worst(verdicts), reasons


def one(options, case, version, python):
    """A row of results: (case, version, verdict, reasons)."""
    try:
        if case.needs == "packages":
            python = environments.with_packages(python)
            if not python:
                return case, version, "-", ["no environment in a root"]
        verdict, reasons = run_case(options.loopprof, case, python, options.keep)
    except (Unusable, RuntimeError, OSError) as failure:
        verdict, reasons = "failed", [str(failure)]
    return case, version, verdict, reasons


def run_all(options, selected):
    pythons = environments.pythons(options.roots)
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rows = [pool.submit(one, options, case, version, pythons[version])
                for case in selected for version in case.pythons if version in pythons]
        for row in concurrent.futures.as_completed(rows):
            case, version, verdict, reasons = row.result()
            results.append(row.result())
            print(f"{verdict:<7} {case.name} on {version}", flush=True)
            for reason in reasons:
                print(f"            {reason}", flush=True)
    return results


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="WORD", help="only cases with that in the name")
    parser.add_argument("--loopprof", default=os.path.join(environments.BUILD, "loopprof"))
    parser.add_argument("--roots", default=os.path.join(environments.BUILD, "roots"))
    parser.add_argument("--jobs", type=int, default=AT_A_TIME,
                        help=f"how many run at a time, default: {AT_A_TIME}")
    parser.add_argument("--keep", metavar="DIR", help="write what loopprof printed to files there")
    parser.add_argument("--readme", action="store_true",
                        help='write the section "What it tells" of README.md')
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    options.loopprof = os.path.abspath(options.loopprof)
    if os.geteuid() != 0:
        sys.exit("run.py: must be run as root, as loopprof must be")
    if options.readme and options.words:
        sys.exit("run.py: --readme needs the results of all cases")
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    selected = [case for case in cases.all_cases()
                if not options.words or any(word in case.name for word in options.words)]
    if not selected:
        sys.exit("run.py: no case has such a name")
    results = run_all(options, selected)
    print(table.plain(results))
    failed = [row for row in results if row[2] == "failed"]
    if options.readme and not failed:
        table.write_readme(results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
