"""--export: files that are updated during a run, read by the programs that fleets use."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time

from lib import causes, fleet
from lib.processes import Failure, wait_until
from test_formats import promtool

# The bounds of a Prometheus histogram are powers of two.
BUCKET = 2
# include/uapi/linux/netlink.h
NETLINK_SOCK_DIAG = "4"


def text_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def count_in(path, name, label=""):
    """The sum of all series of a name in a file of metrics, optionally with one label."""
    return sum(float(value) for value in
               re.findall(rf"^{name}(?:\{{[^\n]*{label}[^\n]*\}})? (\S+)$", text_of(path),
                          re.MULTILINE))


def truth_of(case, target):
    return sorted(case.truth(target).fact("runs_ns"))


def quantile(times, share):
    return times[min(int(share * len(times)), len(times) - 1)] / 1e9


def start_paced(case, seconds, *options):
    target = case.start_preferred("paced.py", str(seconds))
    profiler = case.profile("-p", str(target.pid), "-i", "0.5", *options)
    profiler.wait_for_text(str(target.pid))
    return target, profiler


def scratch(case, name):
    directory = case.path(name)
    os.mkdir(directory)
    return directory


# ---- Prometheus ----


def test_prometheus_has_the_quantiles_of_the_program(case):
    """Prometheus gets them through node_exporter, which reads *.prom in a directory."""
    directory = scratch(case, "textfile")
    prometheus = fleet.Prometheus(case, fleet.start_node_exporter(case, directory))
    path = os.path.join(directory, "loop.prom")
    target, profiler = start_paced(case, 6, "--export", f"prom={path}")
    target.go()
    target.finish()
    profiler.finish().expect(0)
    times = truth_of(case, target)
    wait_until(lambda: prometheus.value('loopprof_callback_run_seconds_count{callback="paced"}')
               == len(times), f"Prometheus has all {len(times)} runs")
    for share in (0.5, 0.75, 0.95):
        said = prometheus.value(f"histogram_quantile({share}, "
                                'loopprof_callback_run_seconds_bucket{callback="paced"})')
        true = quantile(times, share)
        if not true / BUCKET < said < true * BUCKET:
            raise Failure(f"quantile {share} is {true} s, Prometheus says {said}")
        case.note(f"quantile {share}: {true:.4f} s, Prometheus says {said:.4f} s")
    if prometheus.value("node_textfile_scrape_error") != 0:
        raise Failure("node_exporter could not read the file")
    promtool(text_of(path))
    for labels, _ in prometheus.query('{__name__=~"loopprof_.*"}'):
        strange = set(labels) - {"__name__", "instance", "job", "loop", "service", "unit",
                                 "container", "pod", "callback", "file", "kind", "le", "cause",
                                 "format", "version", "how"}
        if strange or str(target.pid) in labels.values():
            raise Failure(f"labels {labels}")


def test_a_restart_is_a_counter_reset_and_nothing_worse(case):
    directory = scratch(case, "textfile")
    prometheus = fleet.Prometheus(case, fleet.start_node_exporter(case, directory))
    path = os.path.join(directory, "loop.prom")
    family, label = "loopprof_callback_run_seconds_count", 'callback="paced"'
    name = f"{family}{{{label}}}"
    target, first = start_paced(case, 14, "--export", f"prom={path}", "-d", "6")
    target.go()
    first.finish().expect(0)
    before = count_in(path, family, label)
    wait_until(lambda: prometheus.value(name) == before, "Prometheus has the first run's")
    second = case.profile("-p", str(target.pid), "-i", "0.5", "--export", f"prom={path}")
    second.wait_for_text(str(target.pid))
    target.finish()
    second.finish().expect(0)
    times = truth_of(case, target)
    last = count_in(path, family, label)
    if not 0 < last <= len(times) - before:
        raise Failure(f"{before} runs, then {last}, of {len(times)}")
    wait_until(lambda: prometheus.value(name) == last, "Prometheus has the second run's")
    if prometheus.value(f"resets({name}[1m])") != 1:
        raise Failure(f"{prometheus.query(f'resets({name}[1m])')} resets")
    said = prometheus.value(f"increase({name}[1m])")
    # increase() extrapolates to both ends of the minute, by half of a scrape interval each.
    if not 0 < said < len(times) * 1.5:
        raise Failure(f"an increase of {said}, by {len(times)} runs in all")


def main_cause(stall):
    """The cause of the longest part of a stall; on a busy machine that may be the run queue."""
    return max(causes.PARTS, key=lambda part: stall["time"][causes.PARTS[part]])


def lines_of(stall, cause):
    """Of each stack of this cause the innermost line in the callback's file, or its own line."""
    callback = stall["callback"]
    stacks = [entry["stack"] for entry in stall["blocked"] if cause == "blocked"]
    stacks += [entry["stack"] for entry in stall["samples"] if entry["cause"] == cause]
    own = [[frame for frame in stack if frame["file"] == callback["file"]] for stack in stacks]
    return [f"{os.path.basename(frames[0]['file'])}:{frames[0]['line']}"
            for frames in [*filter(None, own), [callback]]]


def test_openmetrics_exemplars_point_at_stalls(case):
    directory = scratch(case, "served")
    path = os.path.join(directory, "metrics")
    prometheus = fleet.Prometheus(case, fleet.serve_openmetrics(directory))
    began = time.time()
    target, profiler = start_paced(case, 4, "-t", "20ms", "-j", "--export", f"openmetrics={path}")
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    stalls = {stall["start_ns"]: stall for stall in records.slow()}
    samples = fleet.read("openmetrics.py", path)
    run = records.one("header")["start_unix_ns"] // 10**9
    (loop,) = {stall["loop_id"] for stall in stalls.values()}
    exemplars = [sample["exemplar"] for sample in samples if sample["exemplar"]]
    if len(exemplars) < 2:
        raise Failure(f"exemplars {exemplars} in {len(samples)} samples")

    def check(stall, line, cause, seconds):
        found = stalls.get(int(stall.rpartition("-")[2]))
        if not found or not stall.startswith(f"{run}-{loop}-"):
            raise Failure(f"no stall {stall}")
        if abs(found["duration_ns"] / 1e9 - seconds) > 1e-9:
            raise Failure(f"stall {stall} of {seconds} s: {found['duration_ns']}")
        if cause != main_cause(found):
            raise Failure(f"stall {stall}: {cause}, but {found['time']}")
        if line not in lines_of(found, cause):
            raise Failure(f"stall {stall} at {line}; it was at {lines_of(found, cause)}")

    for exemplar in exemplars:
        check(exemplar["stall"], exemplar["line"], exemplar["cause"], exemplar["value"])
    if not any(exemplar["cause"] == "blocked" for exemplar in exemplars):
        raise Failure(f"none was blocked: {exemplars}")
    stored = wait_until(lambda: prometheus.exemplars("loopprof_callback_run_seconds_bucket",
                                                     began, time.time() + 60),
                        "Prometheus has exemplars")
    for exemplar in stored:
        check(exemplar["labels"]["stall"], exemplar["labels"]["line"],
              exemplar["labels"]["cause"], float(exemplar["value"]))
    case.note(f"{len(stored)} exemplars in Prometheus: {stored[0]['labels']}")
    created = [sample["value"] for sample in samples if sample["name"].endswith("_created")]
    if not created or any(int(value) != run for value in created):
        raise Failure(f"created {set(created)}, not {run}")


# ---- OpenTelemetry ----


def same_histogram(point, hist):
    for ours, theirs in (("count", "count"), ("scale", "scale"), ("zero_count", "zero_count"),
                         ("offset", "offset"), ("buckets", "buckets")):
        if hist[ours] != point[theirs]:
            raise Failure(f"{ours} {hist[ours]}, {theirs} {point[theirs]}")
    for ours, theirs in (("sum_ns", "sum"), ("min_ns", "min"), ("max_ns", "max")):
        if round(point[theirs] * 1e9) != hist[ours]:
            raise Failure(f"{ours} {hist[ours]}, {theirs} {point[theirs]}")


def observe_otlp(case):
    path = case.path("metrics.jsonl")
    target, profiler = start_paced(case, 3, "-t", "20ms", "-j", "--queue", "--export",
                                   f"otlp={path}")
    target.go()
    target.finish()
    return path, profiler.finish().expect(0).records


def test_otlp_has_the_buckets_of_the_json_lines(case):
    path, records = observe_otlp(case)
    points = fleet.read("otlp.py", path)
    last = points[-1]["line"]
    if last < 4:
        raise Failure(f"{last} lines in 3 s, each 0.5 s")
    ours = {(item["kind"], item["name"]): item for item in records.final("callback_summary")}
    compared = 0
    for point in points:
        if point["line"] != last or point["kind"] != "exponential_histogram":
            continue
        if point["temporality"] != 2:
            raise Failure(f"{point['name']}: temporality {point['temporality']}")
        if point["name"] == "loopprof.loop.iteration":
            same_histogram(point, records.final("loop_summary")[0]["iteration"])
        else:
            item = ours[point["labels"]["kind"], point["labels"]["callback"]]
            same_histogram(point, item["queue" if "queue" in point["name"] else "run"])
        compared += 1
    if compared != 1 + 2 * len(ours):
        raise Failure(f"{compared} histograms, of {len(ours)} callbacks")
    header = records.one("header")
    (start,) = {point["start"] for point in points if point["kind"] != "gauge"}
    if start != header["start_unix_ns"]:
        raise Failure(f"starts at {start}, not {header['start_unix_ns']}")
    (host,) = {point["resource"]["host.name"] for point in points}
    if host != header["host"]:
        raise Failure(f"host {host}")
    nothing_falls(points)
    stalls = [exemplar["stall"] for point in points for exemplar in point.get("exemplars", [])]
    if not stalls or len(stalls) != len(set(stalls)):
        raise Failure(f"stalls {stalls}")


def nothing_falls(points):
    before = {}
    for point in points:
        if point["kind"] == "gauge":
            continue
        key = json.dumps([point["name"], point["labels"], point["resource"]])
        value = point.get("value", point.get("count"))
        if value < before.get(key, (0, 0))[0] or point["time"] <= before.get(key, (0, 0))[1]:
            raise Failure(f"{point} after {before[key]}")
        before[key] = value, point["time"]


def test_a_capture_becomes_one_line_of_otlp(case):
    capture, path = case.path("x.lpc"), case.path("x.otlp.jsonl")
    target = case.start("paced.py", "1")
    profiler = case.profile("record", "-o", capture, "-p", str(target.pid))
    profiler.wait_for_text(str(target.pid))
    target.go()
    target.finish()
    profiler.finish().expect(0)
    case.run("export", "-f", "otlp", "-o", path, capture).expect(0)
    points = fleet.read("otlp.py", path)
    if {point["line"] for point in points} != {1}:
        raise Failure("not one line")
    out = case.run("export", "-f", "otlp", capture).expect(0).out
    if out != text_of(path):
        raise Failure(f"on stdout: {out[:200]!r}")


# ---- several exports, and their failures ----


def sockets_of(pid):
    """The inodes of the process's sockets."""
    links = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            links.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return {link[len("socket:["):-1] for link in links if link.startswith("socket:")}


def unreachable_sockets():
    """Inodes of this host's sockets to which no other user can send (proc_net(5)): Unix sockets
    without an address, such as socket pairs, and those that ask the kernel about sockets.
    """
    with open("/proc/net/unix", encoding="utf-8") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    with open("/proc/net/netlink", encoding="utf-8") as file:
        netlink = [line.split() for line in file.readlines()[1:]]
    return ({row[6] for row in rows if len(row) == 7}
            | {row[9] for row in netlink if row[1] == NETLINK_SOCK_DIAG})


def test_each_export_fails_and_recovers_on_its_own(case):
    """One's directory vanishes and comes back; another's file becomes a directory for a while."""
    directories = {name: scratch(case, name) for name in ("prom", "openmetrics", "otlp")}
    paths = {name: os.path.join(directory, "metrics") for name, directory in directories.items()}
    target = case.start("paced.py", "60")
    profiler = case.profile("-p", str(target.pid), "-i", "0.2",
                            *(word for name in paths
                              for word in ("--export", f"{name}={paths[name]}")))
    profiler.wait_for_text(str(target.pid))
    target.go()
    wait_until(lambda: all(map(text_of, paths.values())), "all are written")
    shutil.rmtree(directories["prom"])
    os.unlink(paths["otlp"])
    os.mkdir(paths["otlp"])
    failures = "loopprof_self_export_failures_total"
    wait_until(lambda: count_in(paths["openmetrics"], failures) >= 6, "failures are counted")
    os.mkdir(directories["prom"])
    os.rmdir(paths["otlp"])
    wait_until(lambda: text_of(paths["prom"]) and text_of(paths["otlp"]), "all are written again")
    # one that is closed between the two readings is no socket of either
    reachable = (sockets_of(profiler.pid) - unreachable_sockets()) & sockets_of(profiler.pid)
    if reachable:
        raise Failure(f"sockets that other users could reach: {reachable}")
    profiler.interrupt()
    err = profiler.finish().expect(0).err
    for name in ("prom", "otlp"):
        if err.count(f"cannot write '{paths[name]}'") != 1:
            raise Failure(f"{name}: {err!r}")
    if "cannot write '" + paths["openmetrics"] in err:
        raise Failure(f"openmetrics: {err!r}")
    for directory in directories.values():
        if sorted(os.listdir(directory)) != ["metrics"]:
            raise Failure(f"left behind: {os.listdir(directory)}")


def test_a_full_disk_stops_nothing_but_what_is_written_to_it(case):
    disk = scratch(case, "disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "loopprof", disk], check=True)
    try:
        full(case, disk)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def full(case, disk):
    lines, other = os.path.join(disk, "lines"), case.path("loop.prom")
    filler = os.path.join(disk, "filler")
    target = case.start("paced.py", "60")
    profiler = case.profile("-p", str(target.pid), "-i", "0.2", "--export", f"otlp={lines}",
                            "--export", f"prom={other}")
    profiler.wait_for_text(str(target.pid))
    target.go()
    wait_until(lambda: text_of(lines), "lines are written")
    with open(filler, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    name = "loopprof_self_export_failures_total"
    wait_until(lambda: count_in(other, name), "the failure is counted")
    if not text_of(lines).endswith("}\n"):
        raise Failure("a part of a line is left")
    os.unlink(filler)
    count = text_of(lines).count("\n")
    wait_until(lambda: text_of(lines).count("\n") > count, "lines are written again")
    profiler.interrupt()
    err = profiler.finish().expect(0).err
    if "the disk is full" not in err:
        raise Failure(f"says {err!r}")
    fleet.read("otlp.py", lines)


def test_exports_that_cannot_be_are_refused_before_anything_is_attached(case):
    target = case.start("idle.py")
    here = case.path("metrics")
    for options, status, said in (
            (["--export", "text=x"], 2, "prom, openmetrics and otlp"),
            (["--export", f"prom={here}", "--export", f"otlp={here}"], 2, "another output"),
            (["--export", f"prom={here}", "-f", "json", "-o", here], 2, "another output"),
            (["--export", f"otlp={here}.no/where"], 1, "directory does not exist"),
            (["--export", f"prom={here}.no/where"], 1, "directory does not exist"),
            (["--export", f"prom={os.path.dirname(here)}"], 1, "is a directory")):
        err = case.run("-p", str(target.pid), *options).expect(status).err
        if said not in err or str(target.pid) in err:
            raise Failure(f"{options}: {err!r}")
