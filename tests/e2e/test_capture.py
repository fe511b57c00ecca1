"""Captures: a report is what a live run would have printed, also elsewhere and without root."""

import os
import random

from lib import checks, schema
from lib.case import NOBODY, on_every_python, patient
from lib.checks import verify
from lib.processes import Failure

AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
DAMAGED = 40


def record(case, script, *arguments):
    """Records a target beside a live run.  Returns the capture, the live records, the truth."""
    capture = case.path("capture")
    target = case.start(script, *arguments)
    recorder = case.profile("record", "-o", capture, "-p", str(target.pid), "-t", "100ms")
    recorder.wait_for_text(str(target.pid))
    live = case.attach(target)
    target.go()
    target.finish()
    recorder.finish().expect(0)
    return capture, live.finish().expect(0).records, case.truth(target)


def named(records):
    """The callbacks of a run's slow callbacks, without what differs between two runs."""
    return [tuple(slow["callback"][key] for key in ("kind", "name", "file", "line", "task"))
            for slow in records.slow()]


@patient
def test_report_equals_live(case):
    capture, live, truth = record(case, "stalls.py")
    report = case.run("report", capture, "-j").expect(0).records
    verify(schema.documented(report), checks.sums(report), checks.counts(report, truth),
           checks.stalling_frames(report, truth))
    checks.stalls(report, truth, note=case.note)
    if named(live) != named(report):
        raise Failure(f"live {named(live)}, report {named(report)}")
    if report.one("footer")["reason"] != "target_exited":
        raise Failure(f"the reason of the end is {report.one('footer')['reason']}")
    for kind, keys in (("loop", ("pid", "tid", "comm", "runtime", "runtime_version", "exe")),
                       ("header", ("threshold_ns", "host", "mode", "tool"))):
        for mine, theirs in zip(report.of(kind), live.of(kind)):
            for key in keys:
                if mine[key] != theirs[key]:
                    verify([f"{kind} {key}: report {mine[key]!r}, live {theirs[key]!r}"])


@on_every_python
@patient
def test_capture_of_every_python(case):
    """The target runs briefly: all facts about the version are in the capture."""
    capture, live, truth = record(case, "load.py", "0.5")
    report = case.run("report", capture, "-j").expect(0).records
    verify(schema.documented(report), checks.sums(report), checks.counts(report, truth))
    checks.stalls(report, truth, note=case.note)
    if named(live) != named(report):
        raise Failure(f"live {named(live)}, report {named(report)}")


def test_report_is_the_same_every_time_and_for_everybody(case):
    capture, _, _ = record(case, "load.py", "0.5")
    if os.stat(capture).st_mode & 0o077:
        raise Failure(f"the capture has mode {os.stat(capture).st_mode:o}")
    outputs = [case.run("report", capture, *options).expect(0).out
               for options in ([], [], ["-j"], ["-j"])]
    if outputs[0] != outputs[1] or outputs[2] != outputs[3]:
        raise Failure("two reports of one capture differ")
    os.chmod(capture, 0o644)
    copy = case.path("loopprof")
    with open(case.loopprof, "rb") as source, open(copy, "wb") as file:
        file.write(source.read())
    os.chmod(copy, 0o755)
    case.loopprof = copy
    theirs = case.run("report", capture, "-j", prefix=AS_NOBODY).expect(0).out
    if theirs != outputs[2]:
        raise Failure("the report differs for a user who is not root")


def test_capture_belongs_to_the_caller_of_sudo(case):
    capture = case.path("capture")
    target = case.start("idle.py")
    environment = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY))
    case.run("record", "-o", capture, "-p", str(target.pid), "-d", "0.5",
             env=environment).expect(0)
    if os.stat(capture).st_uid != NOBODY:
        raise Failure(f"the capture belongs to {os.stat(capture).st_uid}")


def judge(case, path, what, statuses):
    result = case.run("report", path, "-j", limit_s=20)
    if result.status not in statuses:
        raise Failure(f"{what}: status {result.status}: {result.err[-500:]!r}")
    if not result.err.strip() and result.status != 0:
        raise Failure(f"{what}: says nothing")
    return result


def record_ends(whole):
    """The offsets of the ends of records: a capture that is cut there is not damaged."""
    at = int.from_bytes(whole[12:16], "little")
    while at < len(whole):
        yield at
        at += (int.from_bytes(whole[at + 4:at + 8], "little") + 7) // 8 * 8


def test_damaged_captures(case):
    """A capture that is cut or changed anywhere is reported up to the damage, or refused."""
    capture, _, _ = record(case, "load.py", "0.5")
    with open(capture, "rb") as file:
        whole = file.read()
    path = case.path("damaged")

    def judge_bytes(content, what, statuses=(0, 1)):
        with open(path, "wb") as file:
            file.write(content)
        return judge(case, path, what, statuses)

    for length in (1, 4, 7):
        judge_bytes(whole[:length], f"the first {length} bytes", (1,))
    # The seed is fixed, so that a failure can be repeated.
    chance = random.Random(1)
    ends = list(record_ends(whole))
    for length in [*ends[:3], *ends[-3:],
                   *(chance.randrange(16, len(whole) - 1) for _ in range(DAMAGED // 2))]:
        result = judge_bytes(whole[:length], f"the first {length} of {len(whole)} bytes")
        if not result.err.strip():
            raise Failure(f"the first {length} of {len(whole)} bytes: says nothing")
    for _ in range(DAMAGED):
        changed = bytearray(whole)
        at = chance.randrange(len(whole))
        changed[at] ^= 1 << chance.randrange(8)
        judge_bytes(changed, f"byte {at} changed")
    changed = bytearray(whole)
    for _ in range(200):
        changed[chance.randrange(len(whole))] = chance.randrange(256)
    judge_bytes(changed, "200 bytes changed")


def test_captures_of_other_versions(case):
    """Magic, major and minor version of the format: only another major version is refused."""
    capture, _, _ = record(case, "load.py", "0.3")
    with open(capture, "rb") as file:
        whole = bytearray(file.read())
    major, minor = 8, 10
    path = case.path("other")
    for offset, status in ((major, 1), (minor, 0)):
        changed = bytearray(whole)
        changed[offset] += 1
        with open(path, "wb") as file:
            file.write(changed)
        result = judge(case, path, f"byte {offset} one higher", (status,))
        if status and "version" not in result.err:
            raise Failure(f"says nothing of versions: {result.err!r}")
