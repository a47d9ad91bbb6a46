"""What is echoed to whom: the latest time of each node, and how long ago it came."""

import struct

import pytest

from consilience.distributed.reads.echo_table import EchoTable

MS, S = 10**6, 10**9


def echoes(table, now_ns):
    """Return the echoes by shard: (incarnation, elapsed in ns, held in us)."""
    return list(struct.iter_unpack("<QQI", table.echoes(now_ns)))


def test_nothing_was_heard():
    assert echoes(EchoTable(2), 0) == [(0, 0, 0), (0, 0, 0)]


def test_held_is_the_time_since_it_came_cut_to_microseconds():
    table = EchoTable(3)
    table.remember(2, 7, 5 * S, 40 * S)
    for later_ns, held_us in ((0, 0), (999, 0), (3 * MS + 1_999, 3_001)):
        found = echoes(table, 40 * S + later_ns)
        assert found[1] == (7, 5 * S, held_us)
        assert [one[:2] for one in found[::2]] == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("incarnation", "elapsed_ns", "kept"),
    [
        (7, 6 * S, True),
        (8, S, True),
        (7, 5 * S, False),
        (7, 4 * S, False),
        (6, 9 * S, False),
    ],
)
def test_only_a_later_time_replaces_one(incarnation, elapsed_ns, kept):
    """A repeated one must not look as if it had just come: its sender would be dated too young."""
    table = EchoTable(1)
    table.remember(1, 7, 5 * S, 10 * S)
    table.remember(1, incarnation, elapsed_ns, 12 * S)
    held = (incarnation, elapsed_ns, 10**6) if kept else (7, 5 * S, 3 * 10**6)
    assert echoes(table, 13 * S) == [held]


def test_a_held_time_stays_within_its_32_bits():
    """Beyond 71 minutes it stays at the longest: an echo that is too short makes an age longer."""
    table = EchoTable(1)
    table.remember(1, 1, 1, 0)
    for held_us, told in (
        (2**32 - 2,) * 2,
        (2**32 - 1,) * 2,
        (2**32, 2**32 - 1),
        (10**12, 2**32 - 1),
    ):
        assert echoes(table, 1_000 * held_us) == [(1, 1, told)]


def test_incarnations_are_counted_when_they_are_heard_first():
    table = EchoTable(2)
    for shard, incarnation, count in ((1, 3, 1), (1, 3, 1), (2, 1, 2), (1, 4, 3), (1, 3, 3)):
        table.remember(shard, incarnation, 5, 5)
        assert table.incarnations == count


def test_what_comes_while_a_state_is_made_was_not_held():
    """The state's time was read before; wrapped to 71 minutes it would be dated far too young."""
    table = EchoTable(1)
    table.remember(1, 1, 7, 5 * S + 1_000)
    assert echoes(table, 5 * S) == [(1, 7, 0)]
