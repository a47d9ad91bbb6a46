"""The proxy cuts the stream where messages end, and disturbs these only."""

import random

from tests.campaigns.partition.proxy import disturbed, units

UNITS = [
    (b"INFO {}\r\n", False),
    (b"PING\r\n", False),
    (b"MSG a.b 7 5\r\nhello\r\n", True),
    (b"PUB c 4\r\n\r\n\r\n\r\n", True),
    (b"PONG\r\n", False),
    (b"MSG a 7 reply.x 0\r\n\r\n", True),
]
STREAM = b"".join(unit for unit, _ in UNITS)


def test_units_wherever_the_stream_is_cut():
    for size in range(1, len(STREAM) + 1):
        data, found = bytearray(), []
        for place in range(0, len(STREAM), size):
            data += STREAM[place : place + size]
            found += units(data)
        assert found == UNITS and not data


def test_messages_are_late_and_repeated_but_never_lost():
    delays = [disturbed(random.Random(seed)) for seed in range(1000)]
    assert {len(one) for one in delays} == {1, 2}
    assert sum(len(one) == 2 for one in delays) > 200
    assert sum(one[0] > 0 for one in delays) > 300 and sum(one[0] == 0 for one in delays) > 300
    assert 1.4 < max(map(max, delays)) <= 1.5
