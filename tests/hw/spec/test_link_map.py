"""The link map: sizes that must fit, numbers that must not collide."""

import pytest

from consilience_hw.spec.link_map import (
    HELLO_FIELDS,
    LARGEST_PAYLOAD,
    MAGIC,
    REPLY,
    REPLY_HEADER,
    BoardId,
    Counter,
    Feature,
    FrameStatus,
    FrameType,
    data_limit,
)


def test_magic_spells_the_name_on_the_wire():
    assert MAGIC.to_bytes(4, "little") == b"CNSL"


@pytest.mark.parametrize("numbers", [FrameType, FrameStatus, Counter, BoardId, Feature])
def test_numbers_are_distinct(numbers):
    assert len({int(number) for number in numbers}) == len(numbers.__members__)


def test_request_types_leave_the_reply_bit_free():
    assert all(kind < REPLY for kind in FrameType)


@pytest.mark.parametrize("payload", [256, 300, 1024, LARGEST_PAYLOAD])
def test_a_full_fragment_and_its_reply_fit(payload):
    limit = data_limit(payload)
    header = 4 * sum(field.words for field in REPLY_HEADER)
    assert limit % 4 == 0
    assert 16 + limit <= payload
    # One result more than the data: the longest has 16 codes and a status.
    assert header + limit + 4 * 17 <= payload
    assert header + 4 * len(Counter) <= payload
    assert header + 4 * sum(field.words for field in HELLO_FIELDS) <= payload


def test_names_of_features():
    assert Feature(0).names == ()
    assert Feature(3).names == ("posterior", "weights")
    assert Feature.WEIGHTS.names == ("weights",)
