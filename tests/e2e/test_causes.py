"""The reasons why a loop stood still, compared with those that the target wrote down."""

from lib import causes, checks, schema
from lib.case import on_every_python, patient
from lib.checks import verify


def check_causes(case, mode):
    # In sample mode a loop that polls all the time may be unknown until it is late.
    records, truth = case.observe("causes.py", options=mode.options, loop=mode.knows_callbacks)
    verify(schema.documented(records))
    if mode.knows_callbacks:
        verify(checks.sums(records))
    causes.every_cause(records, truth, mode, case.note)


@on_every_python
@patient
def test_every_cause_traced(case):
    check_causes(case, causes.TRACE)


@on_every_python
@patient
def test_every_cause_sampled(case):
    """Sample mode, without any probe in the target."""
    check_causes(case, causes.SAMPLE)
