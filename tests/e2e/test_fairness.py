"""One process asks for all of loopprof's resources; other processes lose nothing.

These tests compare counts, which do not depend on how busy the machine is.
"""

from lib import checks, schema
from lib.cgroups import Cgroup
from lib.checks import verify
from lib.processes import Failure

LOOPS = 250
STALLS = 8
STALL_NS = 150_000_000
LIMIT_S = 60


def follow(case, cgroup, *options):
    profiler = case.profile("--cgroup", cgroup.path, "-j", *options)
    profiler.wait_for_text("following")
    return profiler


def of_type(records, kind, **wanted):
    return [record for record in records.of(kind)
            if all(record[key] == value for key, value in wanted.items())]


def test_a_crowd_of_loops_hides_no_stall_of_another_process(case):
    with Cgroup("loopprof-crowd") as cgroup:
        profiler = follow(case, cgroup)
        crowd = case.start("crowd.py", str(LOOPS), prefix=cgroup.prefix("crowd.service"))
        profiler.wait_for("loop", count=LOOPS // 2, limit_s=LIMIT_S, pid=crowd.pid)
        victim = case.start("stalled.py", str(STALLS), prefix=cgroup.prefix("victim.service"))
        profiler.wait_for("loop", limit_s=LIMIT_S, pid=victim.pid)
        victim.go()
        victim.finish()
        profiler.interrupt()
        records = profiler.finish().expect(0).records
        case.stop_all()
    verify(schema.documented(records), checks.sums(records))
    (loop,) = records.loops(pid=victim.pid)
    stalls = [record for record in of_type(records, "slow_callback", loop_id=loop["loop_id"],
                                           in_progress=False)
              if record["duration_ns"] >= STALL_NS and record["callback"]["name"] == "main"]
    if len(stalls) != STALLS:
        raise Failure(f"{len(stalls)} of {STALLS} stalls")
    (limited,) = of_type(records, "limited", pid=crowd.pid)
    case.note(f"the crowd did not get {limited}")
    if not limited["events"] and not limited["causes"]:
        raise Failure(f"what the crowd did not get: {limited}")


def test_a_process_of_many_names_leaves_room_for_those_of_others(case):
    with Cgroup("loopprof-names") as cgroup:
        profiler = follow(case, cgroup, "-m", "trace")
        crowd = case.start("names.py", "4500", prefix=cgroup.prefix("crowd.service"))
        profiler.wait_for("loop", limit_s=LIMIT_S, pid=crowd.pid)
        crowd.go()
        crowd.finish()
        victim = case.start("stalled.py", "3", prefix=cgroup.prefix("victim.service"))
        profiler.wait_for("loop", limit_s=LIMIT_S, pid=victim.pid)
        victim.go()
        victim.finish()
        profiler.interrupt()
        records = profiler.finish().expect(0).records
        case.stop_all()
    (loop,) = records.loops(pid=victim.pid)
    names = {record["name"] for record in of_type(records, "callback_summary",
                                                  loop_id=loop["loop_id"])}
    if "main" not in names:
        raise Failure(f"the victim's callbacks are {names}")
