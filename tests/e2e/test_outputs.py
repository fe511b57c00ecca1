"""Destinations of output: closed descriptors, readers that stall, links, full disks; and inputs."""

import glob
import json
import os
import signal
import struct
import subprocess
import time

from lib.processes import Failure, wait_until

HEADER_BYTES = 240
# Offsets in the header of a capture.
HOST, HOST_BYTES, RUN_ID, BOOT_ID = 96, 80, 176, 192
NOBODY = 65534
MANY = 2000
MANY_MEMORY_KB = 60 << 10


def shell(case, command, limit_s=30, **variables):
    """Runs a shell's command line, which can close descriptors.  Returns (status, output)."""
    environment = dict(os.environ, L=case.loopprof, **{key: str(value)
                                                       for key, value in variables.items()})
    result = subprocess.run(["bash", "-c", command], env=environment, timeout=limit_s,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return result.returncode, result.stderr.decode(errors="replace")


def expect(status, wanted, what, said=""):
    if status != wanted:
        raise Failure(f"{what}: status {status}, expected {wanted}: {said!r}")


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def capture(case, seconds=1):
    """Records a small capture.  Returns its path."""
    path = case.path("x.lpc")
    target = case.start("load.py", str(seconds))
    profiler = case.profile("record", "-o", path, "-p", str(target.pid))
    profiler.wait_for_text("trace mode")
    target.go()
    target.finish()
    profiler.finish().expect(0)
    return path


def test_no_file_gets_the_number_of_a_closed_descriptor(case):
    target = case.start("load.py", "20")
    target.go()
    path = case.path("x.lpc")
    status, _ = shell(case, '"$L" record -p $P -t 1ms -d 1 -o "$O" <&- >&- 2>&-', P=target.pid,
                      O=path)
    expect(status, 0, "record with all three closed")
    case.run("report", path).expect(0)
    if b"loopprof: " in contents(path):
        raise Failure("messages are in the capture")
    path = case.path("x.json")
    status, said = shell(case, '"$L" -p $P -d 1 -o "$O" >&-', P=target.pid, O=path)
    expect(status, 0, "-o beside a stdout that is closed", said)
    for line in contents(path).splitlines():
        json.loads(line)
    status, said = shell(case, '"$L" -p $P -d 1 >&-', P=target.pid)
    expect(status, 1, "nothing but a stdout that is closed", said)
    if "it is closed" not in said:
        raise Failure(f"the reason is not said: {said!r}")


def test_help_that_cannot_be_written_is_an_error(case):
    for command in ("--help", "-V", "check", "--print-man-page", "--explain"):
        for place in (">/dev/full", ">&-"):
            status, said = shell(case, f'"$L" {command} {place}')
            expect(status, 1, f"{command} {place}", said)
            if "cannot write to stdout" not in said:
                raise Failure(f"{command} {place}: {said!r}")


def pipe_that_nobody_reads():
    """(reader, writer) of a full pipe, like one to a pager that is paused."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer


def test_a_pager_that_does_not_read_is_not_waited_for(case):
    target = case.start("load.py", "60")
    target.go()
    for options, number in (((), signal.SIGINT), ((), signal.SIGTERM), ((), signal.SIGHUP),
                            ((), signal.SIGXCPU), (("-d", "1"), None)):
        reader, writer = pipe_that_nobody_reads()
        process = subprocess.Popen([case.loopprof, "-p", str(target.pid), "-t", "1ms", *options],
                                   stdout=writer, stderr=subprocess.PIPE)
        try:
            if number:
                time.sleep(2)
                process.send_signal(number)
            _, said = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure(f"it does not end by {number or options}") from None
        finally:
            os.close(reader)
            os.close(writer)
        if process.returncode != 1 or b"takes no data" not in said:
            raise Failure(f"{number or options}: status {process.returncode}, {said!r}")


def test_a_terminal_that_goes_costs_no_file(case):
    target = case.start("load.py", "60")
    target.go()
    path = case.path("x.json")
    profiler = case.profile("-p", str(target.pid), "-o", path)
    profiler.wait_for_text("trace mode")
    time.sleep(0.5)
    profiler.signal(signal.SIGHUP)
    profiler.signal(signal.SIGHUP)
    profiler.finish().expect(0)
    last = json.loads(contents(path).splitlines()[-1])
    if last["type"] != "footer":
        raise Failure(f"the file ends with {last}")
    profiler = case.profile("-p", str(target.pid), prefix=("nohup",))
    profiler.wait_for_text("trace mode")
    profiler.signal(signal.SIGHUP)
    time.sleep(1)
    if not profiler.running:
        raise Failure("SIGHUP ends what nohup started")
    profiler.signal(signal.SIGINT)
    profiler.finish()


def test_a_fifo_without_a_reader_is_an_error(case):
    target = case.start("load.py", "20")
    target.go()
    path = case.path("fifo")
    os.mkfifo(path)
    for command in ('"$L" record -p $P -o "$O"', '"$L" -p $P -f text -o "$O"'):
        status, said = shell(case, command, P=target.pid, O=path)
        expect(status, 1, command, said)
        if "has no reader" not in said:
            raise Failure(f"{command}: {said!r}")
    # a FIFO with a reader is written, and so is a pipe that a shell makes of >(...)
    found = case.path("found")
    status, said = shell(case, '"$L" -q -p $P -d 1 -f json -o >(cat > "$O") > /dev/null; '
                         '"$L" -q -p $P -d 1 -f text -o >(cat > "$O") > /dev/null; wait',
                         P=target.pid, O=found)
    expect(status, 0, "process substitution", said)
    wait_until(lambda: b"loop busy" in contents(found), "the reader has got the report")


def test_a_limit_of_file_sizes_is_reported(case):
    target = case.start("load.py", "20")
    target.go()
    path = case.path("x.lpc")
    status, said = shell(case, 'ulimit -f 4; "$L" record -p $P -t 1us -d 4 -o "$O"', P=target.pid,
                         O=path)
    expect(status, 1, "record under ulimit -f", said)
    if "ulimit -f" not in said:
        raise Failure(f"the limit is not in the message: {said!r}")
    case.run("report", path)


def test_a_wrong_pid_costs_no_capture(case):
    path = capture(case)
    before = contents(path)
    ended = subprocess.Popen(["true"])
    ended.wait()
    case.run("record", "-o", path, "-p", str(ended.pid)).expect(1)
    case.run("-f", "text", "-o", path, "-p", str(ended.pid)).expect(1)
    if contents(path) != before:
        raise Failure("the older capture was replaced by a run that had nothing to record")
    directory = case.path("captures")
    case.run("record", "-o", directory + "/", "-p", str(ended.pid)).expect(1)
    if os.listdir(directory):
        raise Failure(f"{os.listdir(directory)} is left of a run that had nothing to record")


def test_no_command_writes_over_what_it_reads(case):
    path = capture(case)
    before = contents(path)
    directory = os.path.dirname(path)
    other = os.path.join(directory, "..", os.path.basename(directory), os.path.basename(path))
    for arguments in (("export", "-f", "html", "-o", path, path),
                      ("export", "-f", "csv", "-o", other, path),
                      ("report", "-f", "text", "-o", path, directory)):
        result = case.run(*arguments).expect(1)
        if "--force" not in result.err:
            raise Failure(f"{arguments}: {result.err!r}")
        if contents(path) != before:
            raise Failure(f"{arguments} has replaced its input")
    for arguments in (("report", path), ("export", "-f", "csv", path), ("diff", path, path)):
        with open(path, "ab") as stdout:
            result = subprocess.run([case.loopprof, *arguments], stdout=stdout,
                                    stderr=subprocess.PIPE, check=False)
        if result.returncode != 1 or b"--force" not in result.stderr or contents(path) != before:
            raise Failure(f"{arguments} >> its input: {result}")
    case.run("export", "--force", "-f", "html", "-o", path, path).expect(0)
    if b"<html" not in contents(path):
        raise Failure("--force does not write")


def test_links_lead_nothing_elsewhere(case):
    """The owner of a directory on the path replaces it by a link while root writes below it."""
    target = case.start("load.py", "60")
    target.go()
    theirs, roots = case.path("theirs"), case.path("roots")
    for directory in (theirs, theirs + "/captures", roots, roots + "/captures"):
        os.mkdir(directory)
        os.chown(directory, *((NOBODY, NOBODY) if directory.startswith(theirs) else (0, 0)))
    old = os.path.join(roots, "captures", "loopprof-vm-20200101T000000Z-0.lpc")
    with open(old, "wb") as file:
        file.write(contents(capture(case)) + b"\0" * (64 << 10))
    profiler = case.profile("record", "-o", theirs + "/captures/", "-p", str(target.pid), "-t",
                            "1ms", "--rotate", "1s", "--retain", "24k", "--export",
                            f"prom={theirs}/m.prom", "-i", "1")
    profiler.wait_for_text("trace mode")
    time.sleep(1)
    os.rename(theirs, theirs + ".moved")
    os.symlink(roots, theirs)
    os.chown(theirs, NOBODY, NOBODY, follow_symlinks=False)
    before = set(glob.glob(theirs + ".moved/captures/*.lpc"))
    wait_until(lambda: set(glob.glob(theirs + ".moved/captures/*.lpc")) - before
               and os.path.exists(theirs + ".moved/m.prom"), "it goes on where it was")
    time.sleep(2)
    profiler.signal(signal.SIGINT)
    profiler.finish()
    if os.listdir(roots) != ["captures"] or os.listdir(roots + "/captures") != [
            os.path.basename(old)]:
        raise Failure(f"written or removed there: {os.listdir(roots)}, "
                      f"{os.listdir(roots + '/captures')}")
    # the same if the link is there from the beginning
    for arguments in (("record", "-o", theirs + "/captures/"), ("record", "-o", theirs + "/x.lpc"),
                      ("-f", "text", "-o", theirs + "/x.txt"), ("-o", theirs + "/x.json"),
                      ("--export", f"otlp={theirs}/x.otlp")):
        result = case.run(*arguments, "-p", str(target.pid), "-d", "1").expect(1)
        if "symbolic link" not in result.err:
            raise Failure(f"{arguments}: {result.err!r}")


def test_thousands_of_captures_take_little_memory(case):
    """Captures of different hosts and runs at one time, each of which has to be read to its end."""
    directory = case.path("many")
    os.mkdir(directory)
    head = bytearray(contents(capture(case)))
    if struct.unpack_from("<I", head, 12)[0] != HEADER_BYTES:
        raise Failure("the header has another size")
    for number in range(MANY):
        head[HOST:HOST + HOST_BYTES] = f"host-{number}".encode().ljust(HOST_BYTES, b"\0")
        head[RUN_ID:RUN_ID + 16] = struct.pack("<QQ", 1, number + 1)
        head[BOOT_ID:BOOT_ID + 16] = struct.pack("<QQ", 2, number + 1)
        with open(os.path.join(directory, f"{number}.lpc"), "wb") as file:
            file.write(head)
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen([case.loopprof, "report", directory], stdout=nowhere,
                                   stderr=subprocess.PIPE)
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    expect(process.returncode, 0, "report", said)
    if f"{MANY} captures, {MANY} runs on {MANY} hosts" not in said:
        raise Failure(f"not all were read: {said!r}")
    case.note(f"{usage.ru_maxrss >> 10} MiB for {MANY} captures")
    if usage.ru_maxrss > MANY_MEMORY_KB:
        raise Failure(f"{usage.ru_maxrss} kB")


def test_a_small_stack_is_enough(case):
    """A service may limit the stack (LimitSTACK=): no function has a large part of it."""
    small = ("prlimit", "--stack=65536")
    target = case.start("idle.py")
    capture = case.path("capture.lpc")
    pid = str(target.pid)
    for arguments in (("-p", pid, "-d", "1", "--find", "all", "--lifetimes", "--queue"),
                      ("-p", pid, "-d", "1", "-j", "--native", "--kernel"),
                      ("tasks", "-p", pid), ("record", "-o", capture, "-p", pid, "-d", "1"),
                      ("report", capture), ("diff", capture, capture), ("check",)):
        result = case.run(*arguments, prefix=small)
        if result.status not in (0, 1):
            raise Failure(f"{arguments}: {result.status}, {result.err!r}")


def test_a_capture_that_is_truncated_is_reported(case):
    """Another program, such as logrotate with copytruncate, takes what was recorded."""
    target = case.start("idle.py")
    for path in (case.path("late.lpc"), case.path("early.lpc")):
        early = "early" in path
        profiler = case.profile("record", "-o", path, "-p", str(target.pid), "-d", "6" if early
                                else "3")
        profiler.wait_for_text("Ctrl-C ends")
        time.sleep(1.5)
        os.truncate(path, 0)
        if not early:
            profiler.signal(2)
        result = profiler.finish().expect(1)
        if "another program has truncated it" not in result.err:
            raise Failure(result.err)
    # the one that was truncated early goes on in a new file
    case.run("report", path).expect(0)
