"""Sums of evidence: any order and any split are one state, and posteriors are the device's."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import consilience as cs
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.errors import BadInput, ImpossibleState

NAMES = ("benign", "hijacked", "broken")
CODE = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.sampled_from([-(2**31), -(2**31) + 1, 2**31 - 1, 0])
)
ROW = st.tuples(st.integers(-3, 3), st.tuples(CODE, CODE, CODE), st.integers(0, 65536))
ROWS = st.lists(ROW, max_size=25)
PRIOR = st.tuples(CODE, CODE, CODE)


def state_of(rows):
    return EvidenceSums(NAMES).add(
        [row[0] for row in rows],
        np.array([row[1] for row in rows], np.int32).reshape(-1, 3),
        np.array([row[2] for row in rows], np.uint32),
    )


@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_order_and_split_do_not_matter(rows, random, parts):
    whole = state_of(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    total = EvidenceSums(NAMES)
    for part in range(parts):
        total.merge(state_of(shuffled[part::parts]))
    assert bytes(total) == bytes(whole)
    assert EvidenceSums.from_bytes(bytes(whole)) == whole
    assert total.rows == len(rows)


@given(ROWS.filter(len), PRIOR)
def test_posteriors_are_those_of_the_rows(rows, prior):
    prior = np.array(prior, np.int32)
    with cs.open("cpu") as device:
        found = state_of(rows).posterior(device, prior)
        expected = device.posterior(
            np.array([row[1] for row in rows], np.int32),
            np.array([row[0] for row in rows]),
            prior,
            np.array([row[2] for row in rows], np.uint32),
        )
    assert found.ids.to_pylist() == expected.ids.tolist()
    assert np.array_equal(found.posterior, expected.posterior)
    assert np.array_equal(found.status, expected.status)


def test_halves_of_an_ulp_go_to_even_as_on_a_device():
    """Half the weight of odd codes; drawn rows hardly ever meet a half."""
    codes = np.array([[0, code, -2 * code] for code in range(-9, 10)], np.int32)
    agents, weight = list(range(len(codes))), np.full(len(codes), 1 << 15, np.uint32)
    prior = np.array([0, -1, -1], np.int32)
    state = EvidenceSums(NAMES).add(agents, codes, weight)
    with cs.open("cpu") as device:
        for given in (prior, np.zeros(3, np.int32)):
            found = state.posterior(device, given)
            expected = device.posterior(codes, np.array(agents), given, weight)
            assert np.array_equal(found.posterior, expected.posterior)


def test_a_log_of_zero_counts_with_the_least_weight_and_not_without():
    codes = np.full((1, 3), -(2**31), np.int32)
    for weight, zeros in ((0, 0), (1, 1)):
        data = bytes(EvidenceSums(NAMES).add([1], codes, np.array([weight], np.uint32)))
        assert int.from_bytes(data[-20:-12], "little") == zeros


@given(ROWS)
def test_sums_are_integers_of_any_width(rows):
    """The bytes hold what Python's integers add up to."""
    data = bytes(state_of(rows))
    agents = sorted({row[0] for row in rows})
    cells = data[len(data) - len(agents) * 60 :]
    for place, agent in enumerate(agents):
        own = [row for row in rows if row[0] == agent]
        for h in range(3):
            at = place * 60 + h * 20
            codes = [(row[1][h], row[2]) for row in own]
            zeros = sum(code == -(2**31) and weight > 0 for code, weight in codes)
            total = sum(code * weight for code, weight in codes if code != -(2**31))
            assert int.from_bytes(cells[at : at + 8], "little") == zeros
            assert int.from_bytes(cells[at + 8 : at + 20], "little", signed=True) == total


@pytest.mark.parametrize(
    "agents",
    [[3, 1, 3], ["b", "ä", "b"], [2**64 - 1, 0, 0], np.array([200, 3, 200], np.uint8)],
)
def test_damaged_bytes_are_refused_or_another_state(agents):
    state = EvidenceSums(NAMES).add(agents, np.arange(9, dtype=np.int32).reshape(3, 3))
    data = bytes(state)
    for length in range(len(data)):
        with pytest.raises(ImpossibleState):
            EvidenceSums.from_bytes(data[:length])
    with pytest.raises(ImpossibleState, match="left over"):
        EvidenceSums.from_bytes(data + b"\0")
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x80
        try:
            assert bytes(EvidenceSums.from_bytes(bytes(damaged))) == damaged
        except ImpossibleState:
            continue


@pytest.mark.parametrize(
    ("zeros", "total", "possible"),
    [
        (0, 1 << 47, True),
        (0, (1 << 47) + (1 << 32), False),
        (0, -(1 << 47), True),
        (0, -(1 << 47) - (1 << 32), False),
        (1, 0, True),
        (1, 1 << 32, False),
        (1, -(1 << 32), False),
        (2, 0, False),
    ],
)
def test_a_sum_beyond_what_its_rows_can_reach(zeros, total, possible):
    """Of one row: 2**31 * 2**16 at most, and nothing if it said log of zero."""
    state = EvidenceSums(NAMES[:1]).add([7], np.array([[5]], np.int32))
    cell = zeros.to_bytes(8, "little") + total.to_bytes(12, "little", signed=True)
    data = bytes(state)[:-20] + cell
    if possible:
        assert bytes(EvidenceSums.from_bytes(data)) == data
    else:
        with pytest.raises(ImpossibleState):
            EvidenceSums.from_bytes(data)


def test_bytes_of_another_kind_are_refused_in_their_own_words():
    data = bytes(EvidenceSums(NAMES[:1]).add([7], np.array([[5]], np.int32)))
    kind = 4 + 2 + 4
    for wrong in (b"X" + data[1:], data[:kind] + b"\xff" + data[kind + 1 :]):
        with pytest.raises(ImpossibleState, match=r"^the bytes are sums of another kind"):
            EvidenceSums.from_bytes(wrong)


def test_states_of_other_hypotheses_and_mixed_ids_are_refused():
    with pytest.raises(BadInput, match="cannot be merged"):
        EvidenceSums(NAMES).merge(EvidenceSums(NAMES[:2]))
    for agents in ([-1, 2**63], [2**64, 1], [1, "one"], [b"x", b"y"], [1.0, 2.0], [None, 1]):
        with pytest.raises(BadInput, match="must be all integers or all text"):
            EvidenceSums(NAMES).add(agents, np.zeros((2, 3), np.int32))
    state = EvidenceSums(NAMES).add([1], np.zeros((1, 3), np.int32))
    before = bytes(state)
    with pytest.raises(BadInput, match="all integers or all text"):
        state.add(["one"], np.zeros((1, 3), np.int32))
    for weight in (np.array([65537], np.uint32), np.array([-1]), np.array([0.5])):
        with pytest.raises(BadInput, match="weights"):
            state.add([1], np.zeros((1, 3), np.int32), weight)
    assert bytes(state) == before


IDS = {
    "int64": [-(2**63), 2**63 - 1],
    "uint64": [2**63, 2**64 - 1],
    "int8": [-128, 127],
    "uint8": [0, 255],
    "int16": [-(2**15), 2**15 - 1],
    "uint16": [0, 2**16 - 1],
    "int32": [-(2**31), 2**31 - 1],
    "uint32": [0, 2**32 - 1],
    "string": ["a", "a\0"],
    "large_string": ["", "\U0001f600"],
}


@pytest.mark.parametrize("name", IDS)
def test_ids_from_2_63_on_or_with_nul_were_errors_and_types_were_lost(name):
    agents = pa.array(IDS[name], name)
    data = bytes(EvidenceSums(NAMES).add(agents, np.arange(6, dtype=np.int32).reshape(2, 3)))
    with cs.open("cpu") as device:
        found = EvidenceSums.from_bytes(data).posterior(device, np.zeros(3, np.int32))
    assert found.ids.equals(agents)
    assert found.rows.tolist() == [1, 1]


def test_bytes_of_ids_that_their_type_has_not_are_refused():
    data = bytearray(bytes(EvidenceSums(NAMES).add([300, 400], np.zeros((2, 3), np.int32))))
    data[10] = 8  # uint8
    with pytest.raises(ImpossibleState, match="no sums of evidence"):
        EvidenceSums.from_bytes(bytes(data))
    empty = bytearray(bytes(EvidenceSums(NAMES)))
    empty[10] = 1
    with pytest.raises(ImpossibleState, match="another kind"):
        EvidenceSums.from_bytes(bytes(empty))


PARTS = {
    "int64": (["int8", "uint16"], [[1], [2]]),
    "uint64": (["int64", "uint64"], [[1], [2**63]]),
    "string": (["string", "large_string"], [["a"], ["b"]]),
    "int32": (["int32", "int32"], [[1], [2]]),
}


@pytest.mark.parametrize("name", PARTS)
def test_ids_of_several_types_merge_in_any_order(name):
    types, ids = PARTS[name]
    code = np.zeros((1, 3), np.int32)
    parts = [
        EvidenceSums(NAMES).add(pa.array(one, kind), code)
        for one, kind in zip(ids, types, strict=True)
    ]
    one, other = (
        EvidenceSums(NAMES).merge(parts[first]).merge(parts[1 - first]) for first in (0, 1)
    )
    assert bytes(one) == bytes(other)
    with cs.open("cpu") as device:
        assert str(one.posterior(device, np.zeros(3, np.int32)).ids.type) == name


def test_ids_that_no_type_of_64_bits_has_together_are_refused():
    code = np.zeros((1, 3), np.int32)
    state = EvidenceSums(NAMES).add([-1], code)
    with pytest.raises(BadInput, match="from -1 to 9223372036854775808 are wider than 64 bits"):
        state.add([2**63], code)


def test_more_hypotheses_than_the_device_has_are_refused():
    state = EvidenceSums(map(str, range(17))).add([1], np.zeros((1, 17), np.int32))
    with (
        cs.open("cpu") as device,
        pytest.raises(BadInput, match="17 hypotheses, but cpu takes at most 16"),
    ):
        state.posterior(device, np.zeros(17, np.int32))
