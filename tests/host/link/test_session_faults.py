"""Fault campaigns in virtual time: every call gives the right answer or raises, then works."""

import random

import pytest

from consilience.errors import LinkError, NoDevice
from consilience.link.messages import parse_results, reduce_records
from consilience.link.session import LinkSession
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import BoardId, FrameType


def assert_right(session, made):
    codes, offsets, (sums, flags) = made
    reply = session.execute(FrameType.REDUCE, reduce_records(codes, offsets).data.cast("B"))
    values, status = parse_results(reply, len(offsets) - 1, 1)
    assert (values[:, 0] == sums).all()
    assert (status == flags).all()


# A call sends the fewer times, and so meets the fewer faults, the more it may have in flight.
@pytest.mark.parametrize(
    ("seed", "most", "faults"),
    [
        (1, 2, 2000),
        pytest.param(2, 4, 2000, marks=pytest.mark.slow),
        pytest.param(4, 8, 2000, marks=pytest.mark.slow),
        pytest.param(4, 32, 1200, marks=pytest.mark.slow),
    ],
)
def test_every_answer_is_right_or_an_error(
    golden_device, faulty_line, segments, seed, most, faults
):
    config = EngineConfig(board=BoardId.CPU, clock_hz=1, credits=most, largest_payload=256)
    line = faulty_line(SoftwareEndpoint(golden_device, config), seed, most)
    choose = random.Random(seed)
    session = LinkSession(line, "test", random_bits=choose.getrandbits)
    right = failed = 0
    session.open()
    for _ in range(2000):
        line.rate = choose.choice((0.01, 0.05, 0.2, 0.5))
        line.kinds = choose.choice(
            (line.KINDS, line.KINDS[:-1], line.KINDS[:-1], ("late", "double"))
        )
        if choose.random() < 0.1:
            line.interrupt_at = choose.randint(1, 30)
        try:
            assert_right(session, segments(choose))
            right += 1
        except (LinkError, KeyboardInterrupt):
            failed += 1
            # The line is good again: the next call is right, within one timeout.
            line.rate, line.late, line.interrupt_at = 0.0, [], None
            before = line.now()
            assert_right(session, segments(choose))
            assert line.now() - before <= line.reply_timeout
    assert sum(line.faults.values()) > faults
    assert min(line.faults.values()) > 40, line.faults
    assert right > 1500
    assert failed > 100
    counters = session.counters
    assert counters.pop("late") == 0  # no line of datagrams
    assert counters.pop("probed") > 2  # it takes a fault in the first requests of a session
    assert min(counters.values()) > 20, counters


def test_openings_over_a_bad_line(endpoint, faulty_line, segments):
    choose = random.Random(1)
    opened = 0
    for seed in range(200):
        line = faulty_line(endpoint, seed)
        line.rate, line.kinds = 0.4, line.KINDS[:-1]
        session = LinkSession(line, "test", random_bits=choose.getrandbits)
        try:
            session.open()
            opened += 1
        except NoDevice:
            assert session.counters["timeouts"] == 4
        line.rate = 0.0
        line.late = []
        assert_right(session, segments(choose, 2))
    assert 150 < opened < 200
