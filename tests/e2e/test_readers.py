"""Exports of captures, read by the programs that the formats are made for."""

import collections
import csv
import glob
import gzip
import json
import os
import re
import subprocess

from lib import readers
from lib.processes import Failure

GOLDEN = os.path.join(readers.TESTS, "golden")
CAPTURES = ("causes", "stalls", "loops")
# A quantile is the edge of a bucket, an eighth of a power of two; HdrHistogram has 0.1 %.
BUCKET = 2 ** (1 / 8)
ROUNDED = 1.001


def export(case, name, form):
    """Exports a golden capture.  Returns the path of the file."""
    path = case.path("out")
    done = subprocess.run([case.loopprof, "export", "-f", form, "-o", path,
                           os.path.join(GOLDEN, name + ".lpc")],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0 or done.stdout or done.stderr:
        raise Failure(f"export -f {form} of {name}: status {done.returncode}, "
                      f"{done.stdout[:200]!r}, {done.stderr[:400]!r}")
    return path


def json_of(case, name):
    with open(export(case, name, "json"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def stalls_of(records):
    """Each stall in its last state: as it ended, or as it was when it was reported last."""
    last = {}
    for record in records:
        if record["type"] in ("slow_callback", "slow_iteration"):
            key = record["type"], record["loop_id"], record["start_ns"]
            last.pop(key, None)
            last[key] = record
    if not last:
        raise Failure("the capture has no stalls")
    return list(last.values())


def total_ns(stalls):
    return sum(stall["duration_ns"] for stall in stalls)


def cause_ns(stalls):
    """The time of slow callbacks by cause, where it is known."""
    found = collections.Counter()
    for stall in stalls:
        if stall["type"] == "slow_callback" and stall["time"]:
            for cause in ("blocked", "gil", "run_queue"):
                found[cause] += stall["time"][cause + "_ns"]
    return found


def same(what, found, expected):
    if found != expected:
        raise Failure(f"{what}: {found!r}, expected {expected!r}")


def test_speedscope_reads_its_own_format(case):
    """One profile for each loop that had stalls; the times are those of the JSON lines."""
    for name in CAPTURES:
        stalls = stalls_of(json_of(case, name))
        read = readers.speedscope(export(case, name, "speedscope"))
        same(f"{name}: total", sum(profile["total"] for profile in read["profiles"]),
             total_ns(stalls))
        same(f"{name}: profiles", len(read["profiles"]),
             len({stall["loop_id"] for stall in stalls}))
        for profile in read["profiles"]:
            same("unit", profile["unit"], "nanoseconds")
            same("self times", sum(frame["self"] for frame in profile["frames"]), profile["total"])
            at = [call[2] for call in profile["calls"]]
            same("times in order", at, sorted(at))
    frames = readers.speedscope(export(case, "causes", "speedscope"))["profiles"][0]["frames"]
    named = {(frame["name"], os.path.basename(frame["file"]), frame["line"]): frame
             for frame in frames}
    for wanted in (("compute", "causes.py", 28), ("wait_for_data", "causes.py", 12)):
        if wanted not in named:
            raise Failure(f"no frame {wanted}: {sorted(named)}")


def test_speedscope_reads_a_capture_without_stalls(case):
    read = readers.speedscope(export(case, "findings", "speedscope"))
    same("profiles", [profile["total"] for profile in read["profiles"]], [0])


def test_folded_stacks_add_up(case):
    """Folded stacks are read by speedscope, and by line as flamegraph.pl does."""
    for name in CAPTURES:
        path = export(case, name, "folded")
        stalls = stalls_of(json_of(case, name))
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        same("sorted, each once", lines, sorted(set(lines)))
        split = [re.fullmatch(r"(.+) (\d+)", line) for line in lines]
        same(f"{name}: total", sum(int(match[2]) for match in split), total_ns(stalls) // 1000)
        read = readers.speedscope(path)["profiles"][0]
        same(f"{name}: as speedscope reads it", read["total"], total_ns(stalls) // 1000)
        same("frames", {frame["name"] for frame in read["frames"]},
             {frame for match in split for frame in match[1].split(";")})


def samples_of(path):
    """(stalls, nanoseconds, labels) of each sample in the output of `pprof -raw`."""
    text = readers.pprof("-raw", path)
    samples = text.split("Samples:\n")[1].split("Locations\n")[0].splitlines()
    same("values", samples[0].split(), ["stalls/count", "time/nanoseconds[dflt]"])
    found = []
    for line in samples[1:]:
        values = re.match(r"\s*(\d+)\s+(\d+):", line)
        if values:
            found.append((int(values[1]), int(values[2]), {}))
        else:
            found[-1][2].update(re.findall(r"(\w+):\[(.*?)\](?= \w+:\[|\s*$)", line))
    return found


def test_go_tool_pprof(case):
    for name in CAPTURES:
        records = json_of(case, name)
        stalls = stalls_of(records)
        path = export(case, name, "pprof")
        samples = samples_of(path)
        same(f"{name}: stalls", sum(sample[0] for sample in samples), len(stalls))
        same(f"{name}: time", sum(sample[1] for sample in samples), total_ns(stalls))
        by_cause = collections.Counter()
        for _, nanoseconds, labels in samples:
            by_cause[labels["cause"]] += nanoseconds
        for cause, nanoseconds in cause_ns(stalls).items():
            same(f"{name}: {cause}", by_cause[cause], nanoseconds)
        same("loops", len({sample[2]["loop"] for sample in samples}),
             len({stall["loop_id"] for stall in stalls}))
        top = readers.pprof("-top", "-nodecount=100", path)
        if "Type: time" not in top:
            raise Failure(f"pprof -top begins with {top[:200]!r}")
    samples = samples_of(export(case, "causes", "pprof"))
    received = [labels["target"] for _, _, labels in samples if labels.get("syscall") == "recvfrom"]
    if not received or not received[0].startswith("tcp 127.0.0.1:"):
        raise Failure(f"recvfrom on {received}")
    listed = readers.pprof("-list=compute", "-source_path=" + GOLDEN,
                           "-trim_path=/tmp/loopprof-golden", export(case, "causes", "pprof"))
    if not re.search(r"^\s.*\b28:", listed, re.MULTILINE):
        raise Failure(f"pprof -list has no line 28: {listed[:400]!r}")
    read = readers.speedscope(export(case, "causes", "pprof"))
    same("as speedscope reads it", read["profiles"][0]["total"],
         total_ns(stalls_of(json_of(case, "causes"))))


def test_pprof_is_the_same_each_time(case):
    first, second = (open(export(case, "causes", "pprof"), "rb").read() for _ in range(2))
    same("bytes", first, second)
    gzip.decompress(first)


def slices_of(packets):
    """Slices by track, each with its depth and the slices in it; they have to nest."""
    tracks, open_slices, found, order = {}, collections.defaultdict(list), [], 0
    events = []
    for packet in packets:
        if "track_descriptor" in packet:
            track = packet["track_descriptor"]
            tracks[track["uuid"]] = track
        if "track_event" in packet:
            same("clock", packet["timestamp_clock_id"], 3)
            events.append((int(packet["timestamp"]), order, packet["track_event"]))
            order += 1
    for at, _, event in sorted(events, key=lambda event: event[:2]):
        stack = open_slices[event["track_uuid"]]
        if event["track_uuid"] not in tracks:
            raise Failure(f"event of a track that nobody described: {event}")
        if event["type"] == "TYPE_SLICE_BEGIN":
            stack.append({"track": event["track_uuid"], "name": event["name"], "start": at,
                          "category": event["categories"][0], "depth": len(stack), "inner": [],
                          "notes": {note["name"]: note.get("string_value", note.get("uint_value"))
                                    for note in event.get("debug_annotations", [])}})
        elif event["type"] == "TYPE_SLICE_END":
            ended = stack.pop()
            ended["duration"] = at - ended["start"]
            (stack[-1]["inner"] if stack else found).append(ended)
    if any(open_slices.values()):
        raise Failure(f"slices without an end: {open_slices}")
    return tracks, found


def test_perfetto_trace(case):
    """Perfetto's message types parse the trace, and its rules of nesting hold."""
    for name in CAPTURES:
        records = json_of(case, name)
        stalls = stalls_of(records)
        packets = readers.perfetto(export(case, name, "trace"))
        tracks, slices = slices_of(packets)
        same(f"{name}: slices", sorted((found["start"], found["duration"], found["category"])
                                       for found in slices),
             sorted((stall["start_ns"], stall["duration_ns"], stall["type"]) for stall in stalls))
        names = {stall["start_ns"]: stall["callback"]["name"] for stall in stalls
                 if stall["type"] == "slow_callback"}
        loops = {record["tid"] for record in records if record["type"] == "loop"}
        same("threads", {int(track["thread"]["tid"]) for track in tracks.values() if "thread" in track},
             loops)
        for found in slices:
            if found["category"] == "slow_callback":
                same("name", found["name"], names[found["start"]])
            same("what is in it", sum(inner["duration"] for inner in found["inner"]),
                 found["duration"])
            same("in order", [inner["start"] for inner in found["inner"]],
                 sorted(inner["start"] for inner in found["inner"]))
            for inner in found["inner"]:
                same("its sum", int(inner["notes"]["total_ns"]), inner["duration"])


def test_perfetto_trace_of_what_got_lost(case):
    records = json_of(case, "findings")
    packets = readers.perfetto(export(case, "findings", "trace"))
    instants = [packet["track_event"] for packet in packets
                if packet.get("track_event", {}).get("type") == "TYPE_INSTANT"]
    same("instants", sorted(event["name"] for event in instants),
         sorted(record["kind"] for record in records if record["type"] == "lost"))
    counts = [packet["track_event"]["double_counter_value"] for packet in packets
              if packet.get("track_event", {}).get("type") == "TYPE_COUNTER"]
    if not counts or any(abs(count - 10) > 1e-9 for count in counts):
        raise Failure(f"the loop was busy {counts} %")


def test_hdr_histogram_log(case):
    """Counts and the maximum are exact; quantiles are in the same bucket as ours."""
    for name in CAPTURES + ("findings",):
        records = json_of(case, name)
        expected = collections.defaultdict(list)
        for record in records:
            if "now_ns" in record:
                continue
            if record["type"] == "loop_summary":
                expected["iteration"].append(record["iteration"])
            if record["type"] == "callback_summary" and record["run"]["count"]:
                expected["run"].append(record["run"])
                if record["queue"] and record["queue"]["count"]:
                    expected["queue"].append(record["queue"])
        found = collections.defaultdict(lambda: collections.defaultdict(list))
        for histogram in readers.hdr(export(case, name, "hlog")):
            kind = re.search(r"/(iteration|run|queue)(/|$)", histogram["tag"])[1]
            found[kind][histogram["tag"]].append(histogram)
        same(f"{name}: kinds", set(found), {kind for kind in expected if any(
            histogram["count"] for histogram in expected[kind])})
        for kind, by_tag in found.items():
            compare_histograms(f"{name}: {kind}", by_tag, expected[kind])


def compare_histograms(what, by_tag, expected):
    """Compares histograms by tag, summed over all intervals."""
    expected = [histogram for histogram in expected if histogram["count"]]
    same(what + ": counts", sorted(sum(part["count"] for part in parts)
                                   for parts in by_tag.values()),
         sorted(histogram["count"] for histogram in expected))
    longest = zip(sorted(max(part["max"] for part in parts) for parts in by_tag.values()),
                  sorted(histogram["max_ns"] for histogram in expected))
    for mine, theirs in longest:
        if not theirs <= mine <= theirs * ROUNDED + 1:
            raise Failure(f"{what}: longest {mine}, in JSON {theirs}")
    for parts in by_tag.values():
        if len(parts) != 1:
            continue
        part, = parts
        close = [histogram for histogram in expected
                 if histogram["count"] == part["count"] and all(
                     histogram[f"p{share}_ns"] / BUCKET / ROUNDED - 1 <= value
                     <= histogram[f"p{share}_ns"] * ROUNDED + 1
                     for share, value in ((int(share), value)
                                          for share, value in part["quantiles"].items()))]
        if not close:
            raise Failure(f"{what}: no histogram in JSON is like {part}")
        if not any(abs(part["mean"] * histogram["count"] - histogram["sum_ns"])
                   <= 0.05 * histogram["sum_ns"] for histogram in close):
            raise Failure(f"{what}: mean of {part} is not that of {close}")


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if not text.endswith("\r\n"):
        raise Failure("the last line has no end")
    rows = list(csv.DictReader(text.splitlines(keepends=True), strict=True))
    for row in rows:
        if None in row or None in row.values():
            raise Failure(f"not as many fields as columns: {row}")
    return rows


def nanoseconds(seconds):
    whole, rest = seconds.split(".")
    return int(whole) * 10**9 + int(rest)


def test_csv_of_callbacks(case):
    for name in CAPTURES:
        expected = [record for record in json_of(case, name)
                    if record["type"] == "callback_summary" and "now_ns" not in record]
        same(name, [(row["name"], row["file"], int(row["line"]), row["kind"], int(row["count"]),
                     int(row["slow"]), nanoseconds(row["total_s"]), nanoseconds(row["p99_s"]))
                    for row in rows_of(export(case, name, "csv"))],
             [(record["name"], record["file"], record["line"], record["kind"], record["count"],
               record["slow"], record["run"]["sum_ns"], record["run"]["p99_ns"])
              for record in expected])


def test_csv_of_stalls(case):
    for name in CAPTURES:
        records = json_of(case, name)
        offset = records[0]["start_unix_ns"] - records[0]["start_ns"]
        same(name, sorted((nanoseconds(row["start_unix_s"]), nanoseconds(row["duration_s"]),
                           row["in_progress"])
                          for row in rows_of(export(case, name, "csv-stalls"))),
             sorted((stall["start_ns"] + offset, stall["duration_ns"],
                     "true" if stall["in_progress"] else "false")
                    for stall in stalls_of(records)))
    slept = [row for row in rows_of(export(case, "causes", "csv-stalls"))
             if row["name"] == "sleeping"]
    for row in slept:
        same("worst", (row["worst_cause"], row["worst_syscall"], row["worst_function"],
                       row["worst_line"]), ("blocked", "clock_nanosleep", "sleeping", "22"))
    if not slept:
        raise Failure("no row of sleeping()")


def test_export_to_stdout(case):
    """stdout gets the same bytes as a file."""
    for form in ("folded", "pprof", "speedscope", "trace", "hlog", "csv", "csv-stalls"):
        done = subprocess.run([case.loopprof, "export", "-f", form,
                               os.path.join(GOLDEN, "causes.lpc")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        same(f"{form}: status and stderr", (done.returncode, done.stderr), (0, b""))
        with open(export(case, "causes", form), "rb") as file:
            same(form, done.stdout, file.read())


def test_binary_formats_refuse_a_terminal(case):
    for form in ("pprof", "trace"):
        command = f"{case.loopprof} export -f {form} {GOLDEN}/causes.lpc"
        done = subprocess.run(["script", "-qec", command, "/dev/null"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode != 1 or f"the format {form} is not for a terminal" not in done.stdout:
            raise Failure(f"{form}: status {done.returncode}, {done.stdout!r}")


def test_format_by_the_suffix_of_an_export(case):
    capture = os.path.join(GOLDEN, "causes.lpc")
    for suffix, form in ((".folded", "folded"), (".pb.gz", "pprof"), (".hlog", "hlog"),
                         (".speedscope.json", "speedscope"), (".pftrace", "trace"),
                         (".csv", "csv"), (".stalls.csv", "csv-stalls")):
        path = case.path("out") + suffix
        subprocess.run([case.loopprof, "export", "-o", path, capture], check=True)
        with open(path, "rb") as mine, open(export(case, "causes", form), "rb") as theirs:
            same(suffix, mine.read(), theirs.read())


def test_a_cut_capture_is_exported_up_to_there(case):
    for form in ("folded", "pprof", "speedscope", "trace", "hlog", "csv", "csv-stalls"):
        path = case.path("out")
        done = subprocess.run([case.loopprof, "export", "-f", form, "-o", path,
                               os.path.join(GOLDEN, "cut.lpc")],
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 1 or "was cut at byte" not in done.stderr or not os.path.getsize(path):
            raise Failure(f"{form}: status {done.returncode}, {done.stderr!r}")


def test_a_live_run_writes_the_format_at_its_end(case):
    """The file is written once, at the end, and agrees with the program's ground truth."""
    path = case.path("out") + ".folded"
    target = case.start("stalls.py")
    profiler = case.profile("-p", str(target.pid), "-t", "100ms", "-o", path)
    profiler.wait_for_text(str(target.pid))
    target.go()
    if os.path.exists(path):
        raise Failure("the file is there before the end")
    target.finish()
    profiler.finish().expect(0)
    if glob.glob(os.path.join(os.path.dirname(path), ".loopprof-*")):
        raise Failure("a temporary file is left")
    total = readers.speedscope(path)["profiles"][0]["total"]
    # stalls close to the threshold may be missing
    durations = [stall["duration_ns"] / 1000 for stall in case.truth(target).stalls]
    least = sum(duration for duration in durations if duration > 110_000)
    most = sum(duration for duration in durations if duration > 90_000)
    if not least or not least <= total <= 1.5 * most:
        raise Failure(f"{total} us of stalls, {least:.0f} to {most:.0f} in the ground truth")
