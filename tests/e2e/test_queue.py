"""--queue: the time for which callbacks that were ready had to wait."""

from lib import checks, schema
from lib.case import Late, patient
from lib.checks import verify
from lib.processes import Failure

# The probe and the program read the clock at different moments, with calls in between.
EACH_NS = 200_000
WORST_NS = 1_000_000


def compare(records, truth, note):
    for fact in truth.facts:
        summaries = [record for record in records.callbacks(fact["name"])
                     if record["line"] == fact["line"]]
        if len(summaries) != 1 or summaries[0]["queue"] is None:
            raise Failure(f"{fact['name']}: no queue delays in {summaries}")
        queue, delays = summaries[0]["queue"], fact["queue_ns"]
        # The first step of a task has a delay too; the program times its wake-ups.
        if queue["count"] != summaries[0]["count"] or queue["count"] < len(delays):
            raise Failure(f"{fact['name']}: {queue['count']} delays, {summaries[0]['count']} runs")
        off = queue["sum_ns"] / len(delays) - sum(delays) / len(delays)
        note(f"{fact['name']}: {sum(delays) / len(delays) / 1e6:.3f} ms, off by "
             f"{off / 1e3:.0f} us, the longest by {(queue['max_ns'] - max(delays)) / 1e3:.0f} us")
        if abs(queue["max_ns"] - max(delays)) > WORST_NS or abs(off) > EACH_NS:
            raise Late(f"{fact['name']}: {queue}, the program's own {delays}")


@patient
def test_queue_delays(case):
    """Delays behind another callback, after a future, at a first step, and at a timer."""
    records, truth = case.observe("queued.py", options=["--queue"])
    verify(schema.documented(records), checks.sums(records))
    compare(records, truth, case.note)


def test_without_the_option(case):
    """Without the option there are no queue delays."""
    records, _ = case.observe("load.py", "0.3")
    queues = [record for record in records.final("callback_summary") if record["queue"] is not None]
    if queues:
        raise Failure(f"queue delays without --queue: {queues[0]}")


@patient
def test_stalls_with_the_option(case):
    """The dispatch program that measures queue delays names callbacks too."""
    records, truth = case.observe("stalls.py", options=["--queue"])
    verify(schema.documented(records), checks.sums(records), checks.counts(records, truth))
    checks.stalls(records, truth, note=case.note)
