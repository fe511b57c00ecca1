"""Output formats for people and for programs."""

import os
import pty
import re
import subprocess
import unicodedata

from lib.processes import Failure

ESCAPE = "\x1b"


def promtool(text):
    """Checks a file with promtool of a current Prometheus."""
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if checked.returncode != 0:
        raise Failure(f"promtool check metrics: {checked.stdout.strip()!r}")


def measure(case, *options, **environment):
    """Profiles load.py, and writes the results to a file."""
    path = case.path("metrics")
    target = case.start("load.py", "1")
    profiler = case.profile("-p", str(target.pid), "-o", path, *options,
                            env=dict(os.environ, **environment))
    profiler.wait_for_text(str(target.pid))
    target.go()
    target.finish()
    profiler.finish().expect(0)
    with open(path, encoding="utf-8") as file:
        return file.read()


def samples(text):
    """Name with labels, and value, of each line that has a sample."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"(\w+(?:\{.*?\})?) (\S+)(?: # .*)?", line)
            if not match:
                raise Failure(f"no sample: {line!r}")
            if match[1] in found:
                raise Failure(f"twice: {match[1]}")
            found[match[1]] = float(match[2])
    if not found:
        raise Failure("no samples at all")
    return found


def histograms_add_up(found):
    """Buckets of a histogram are cumulative, and the last one equals the count."""
    for name, value in found.items():
        if "_bucket" in name and 'le="+Inf"' in name:
            count = re.sub(r',?le="\+Inf"', "", name.replace("_bucket", "_count"))
            if found.get(count.replace("{}", ""), found.get(count)) != value:
                raise Failure(f"{name} is {value}, {count} {found.get(count)}")
    if not any("_bucket" in name for name in found):
        raise Failure("no histogram")


def as_prometheus(text):
    """Converts OpenMetrics for promtool, which reads only the older format.

    There, a counter's name ends with _total in comments too, an info metric is a gauge, and
    there are no exemplars, units and creation times.
    """
    text = re.sub(r"^# (HELP|TYPE) (\w+_build) (info$)?",
                  lambda found: f"# {found[1]} {found[2]}_info {'gauge' if found[3] else ''}",
                  text, flags=re.MULTILINE)
    counters = re.findall(r"^# TYPE (\S+) counter$", text, re.MULTILINE)
    for name in counters:
        text = re.sub(rf"^# (HELP|TYPE) {name} ", rf"# \1 {name}_total ", text,
                      flags=re.MULTILINE)
    text = re.sub(r" # \{.*", "", text)
    return re.sub(r"^(# UNIT .*|# EOF|\w+_created\b.*)\n", "", text, flags=re.MULTILINE)


def test_prometheus(case):
    text = measure(case, "-f", "prom")
    promtool(text)
    histograms_add_up(samples(text))


def test_openmetrics(case):
    text = measure(case, "-f", "openmetrics")
    if not text.endswith("# EOF\n"):
        raise Failure(f"ends with {text[-20:]!r}")
    histograms_add_up(samples(text))
    promtool(as_prometheus(text))


def test_format_from_the_suffix(case):
    """The suffix .prom selects Prometheus' format, .jsonl JSON lines."""
    target = case.start("idle.py")
    for suffix, start in ((".prom", "# HELP"), (".jsonl", '{"type":"header"')):
        path = case.path("out") + suffix
        case.run("-p", str(target.pid), "-d", "0.5", "-o", path).expect(0)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if not text.startswith(start):
            raise Failure(f"{suffix}: begins with {text[:40]!r}")


def columns(line):
    """The width of a line on a terminal."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def text_of(case, **environment):
    target = case.start("stalls.py")
    profiler = case.profile("-p", str(target.pid), "-t", "100ms",
                            env=dict(os.environ, **environment))
    profiler.wait_for_text(str(target.pid))
    target.go()
    target.finish()
    result = profiler.finish().expect(0)
    for line in result.out.splitlines():
        if columns(line) > 80:
            raise Failure(f"{columns(line)} columns: {line!r}")
        if line != line.rstrip():
            raise Failure(f"ends with blanks: {line!r}")
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", line):
            raise Failure(f"control characters: {line!r}")
    return result.out


def test_text(case):
    """The text format: slow callbacks as they end, then the summary."""
    text = text_of(case, LC_ALL="C.UTF-8")
    for wanted in ("outermost", "'nested'", "stalls.py:", "größe_計算", "任務", "reused_odd",
                   "Stalls.method", "p50", "p99"):
        if wanted not in text:
            raise Failure(f"has no {wanted}: {text[-3000:]!r}")


def test_text_where_only_ascii_is_safe(case):
    text = text_of(case, LC_ALL="C")
    if not text.isascii():
        raise Failure(f"not ASCII: {[line for line in text.splitlines() if not line.isascii()]}")


def on_terminal(case, **environment):
    """loopprof's output on a terminal for a target that stalls."""
    target = case.start("load.py", "0.3")
    leader, follower = pty.openpty()
    command = [case.loopprof, "-p", str(target.pid)]
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=subprocess.PIPE,
                          env=dict(os.environ, TERM="xterm", **environment)) as process:
        os.close(follower)
        # A line on stderr says that loopprof is attached.
        process.stderr.readline()
        target.go()
        text = b""
        try:
            while chunk := os.read(leader, 65536):
                text += chunk
        except OSError:
            # Linux fails the read if the other end was closed.
            pass
        os.close(leader)
        process.communicate()
    return text.decode()


def test_colour_only_where_wanted(case):
    target = case.start("load.py", "0.3")
    profiler = case.profile("-p", str(target.pid))
    profiler.wait_for_text(str(target.pid))
    target.go()
    plain = profiler.finish().expect(0).out
    if "main" not in plain or ESCAPE in plain:
        raise Failure(f"to a file: {plain!r}")
    coloured = on_terminal(case)
    if "main" not in coloured or ESCAPE not in coloured:
        raise Failure(f"no colour on a terminal: {coloured!r}")
    plain = on_terminal(case, NO_COLOR="1")
    if "main" not in plain or ESCAPE in plain:
        raise Failure(f"colour in spite of NO_COLOR: {plain!r}")


def test_check(case):
    """The host supports everything, or else other tests would fail too."""
    result = case.run("check").expect(0)
    if os.uname().release not in result.out:
        raise Failure(f"says nothing of the kernel: {result.out!r}")


def test_help_and_version(case):
    for option in ("-h", "--help"):
        text = case.run(option).expect(0).out
        for wanted in ("-p", "--threshold", "record", "report", "check"):
            if wanted not in text:
                raise Failure(f"{option} has no {wanted}: {text!r}")
    for option in ("-V", "--version"):
        text = case.run(option).expect(0).out
        if not re.search(r"loopprof \d+\.\d+", text):
            raise Failure(f"{option}: {text!r}")
