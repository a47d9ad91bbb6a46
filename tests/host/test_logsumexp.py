"""`logsumexp` against SciPy's: signature, edge cases, errors within the bound."""

import inspect

import numpy as np
import pytest
import scipy.special

from consilience.devices.cpu import CpuDevice
from consilience.devices.logsumexp import logsumexp
from consilience.errors import BadInput, OutOfRange
from consilience.numbers import float_log_sum
from consilience.numbers.convert import from_codes
from consilience_hw.spec.log_format import Q16_16

INF, NAN = np.inf, np.nan
BOUND = (0.5 + 0.55) * 2.0**-16 * np.log(2) + 1e-12


def test_signature_is_that_of_scipy():
    theirs = inspect.signature(scipy.special.logsumexp).parameters
    ours = inspect.signature(logsumexp).parameters
    assert list(ours) == list(theirs)
    assert [p.default for p in ours.values()] == [p.default for p in theirs.values()]
    method = list(inspect.signature(CpuDevice.logsumexp).parameters)
    assert method == ["self", *theirs]


@pytest.mark.parametrize(
    ("a", "options"),
    [
        (3, {}),
        (-0.0, {}),
        ([1, 2, 3], {}),
        ([True, False], {}),
        ([-INF], {}),
        ([-INF, -INF], {}),
        ([INF, 1], {}),
        ([INF, -INF], {}),
        ([NAN, INF], {}),
        ([1000.0, 1000.0], {}),
        ([-1000.0, -1001.0], {}),
        ([20_000.0, -20_000.0], {}),
        ([1, 2], {"b": [0, 0]}),
        ([INF, 2], {"b": [0, 1]}),
        ([NAN, 2], {"b": [0, 1]}),
        ([1, 2], {"b": [INF, 1]}),
        ([1, 2], {"b": [NAN, 1]}),
        ([1, 2], {"b": 2}),
        (3, {"b": [1, 2]}),
        (np.zeros((0, 3)), {"axis": 1}),
        (np.zeros((2, 3)), {"axis": ()}),
        (np.arange(24.0).reshape(2, 3, 4), {"axis": (0, -1), "keepdims": True}),
        (np.arange(24.0).reshape(2, 3, 4), {"axis": (2, 0)}),
        (np.arange(24.0).reshape(2, 3, 4), {"axis": 1, "keepdims": True}),
        (np.arange(24.0).reshape(2, 3, 4), {"keepdims": True}),
        (np.arange(6.0).reshape(2, 3), {"axis": 0, "b": np.ones((3, 1, 1))}),
        (np.array([[1, NAN], [INF, 2], [-INF, -INF]]), {"axis": 1}),
        (np.zeros((2, 3), np.float32), {"axis": 1}),
        (np.zeros((2, 3), np.float16), {"axis": 1}),
        (np.arange(4, dtype=np.uint8), {}),
        (np.zeros(2, np.float32), {"b": np.ones(2)}),
        (np.zeros(2, np.float32), {"b": [1, 2]}),
        (np.zeros(2, np.float32), {"b": 2.0}),
        (np.zeros(2, np.float16), {"b": np.ones(2, np.float32)}),
    ],
)
def test_edge_cases_are_those_of_scipy(a, options):
    theirs, their_sign = scipy.special.logsumexp(a, return_sign=True, **options)
    ours, sign = logsumexp(a, return_sign=True, **options)
    tolerance = {np.dtype(np.float16): 1e-3}.get(np.asarray(theirs).dtype, BOUND + 1e-7)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(sign, their_sign)
    assert type(ours) is type(theirs)
    assert ours.dtype == theirs.dtype
    assert ours.shape == np.shape(theirs)
    np.testing.assert_array_equal(logsumexp(a, **options), ours)


def test_an_empty_axis_is_a_sum_of_zero():
    """SciPy gives the sign -1 here; a sum of nothing has none."""
    assert logsumexp([], return_sign=True) == (-INF, 0)
    assert logsumexp([]) == scipy.special.logsumexp([])
    ours, sign = logsumexp(np.zeros((0, 3)), axis=0, return_sign=True)
    assert ours.tolist() == [-INF] * 3
    assert sign.tolist() == [0] * 3


def test_error_is_within_the_bound():
    rng = np.random.default_rng(3)
    for scale in (0.01, 1, 30, 300):
        a = rng.normal(0, scale, (200, 50))
        b = rng.random((200, 50))
        theirs = scipy.special.logsumexp(a, axis=1, b=b)
        assert np.abs(logsumexp(a, axis=1, b=b) - theirs).max() <= BOUND


def test_factors_are_taken_block_by_block(monkeypatch):
    """What one block holds, zeros or a negative one, changes nothing in another."""
    rng = np.random.default_rng(5)
    a = rng.normal(-20, 8, (9, 50))
    factors = rng.random(a.shape)
    factors[4, 10:30] = 0
    a[4, 12], a[4, 13] = INF, NAN
    for b in (factors, factors.astype(np.float32), (factors * 9).astype(np.int64)):
        whole = logsumexp(a, 1, b)
        with np.errstate(divide="ignore", invalid="ignore"):
            made = np.where(b == 0, -INF, a + np.log(b.astype(np.float64)))
        np.testing.assert_array_equal(logsumexp(made, 1), whole)
        monkeypatch.setattr(float_log_sum, "_BLOCK", 100)
        np.testing.assert_array_equal(logsumexp(a, 1, b), whole)
        monkeypatch.undo()
    monkeypatch.setattr(float_log_sum, "_BLOCK", 100)
    factors[7, 7] = -1
    with pytest.raises(BadInput, match="b must not be negative"):
        logsumexp(a, 1, factors)


def test_any_order_gives_the_same_bits():
    rng = np.random.default_rng(4)
    a = rng.normal(-20, 8, 5000)
    assert len({float(logsumexp(rng.permutation(a))) for _ in range(20)}) == 1


def test_the_method_is_the_function():
    with CpuDevice() as device:
        assert (
            device.logsumexp([[1, 2], [3, 4]], 1).tolist()
            == logsumexp([[1, 2], [3, 4]], 1).tolist()
        )


@pytest.mark.parametrize(
    "a",
    [
        [23_000.0],
        [-23_000.0],
        [22_712.9, 22_712.9],
        [-23_000.0, -22_700.0],
        [1.7e308],
        [[0.0], [-1e9]],
    ],
)
def test_what_the_format_cannot_represent_is_said(a):
    with pytest.raises(OutOfRange, match=r"answers are beyond \+-22,713 nats"):
        logsumexp(a, axis=-1)


def test_values_far_below_the_others_need_not_be_representable():
    assert logsumexp([0.0, -1e9]) == 0
    assert logsumexp([-1e300, 5.0, -INF]) == pytest.approx(5, abs=BOUND)


def test_where_values_below_the_lowest_code_begin_to_count():
    lowest = Q16_16.min_code + (64 << 16)
    near, far = from_codes(lowest - 1), from_codes(lowest)
    assert logsumexp([-23_000.0, far]) == far
    with pytest.raises(OutOfRange):
        logsumexp([-23_000.0, near])


@pytest.mark.parametrize(
    ("a", "options", "message"),
    [
        ([1, 2], {"b": [1, -1]}, "b must not be negative"),
        ([1j], {}, "a must be real numbers, not complex128"),
        ([1], {"b": [1j]}, "b must be real numbers"),
        (["x"], {}, "a must be real numbers"),
        ([None], {}, "a must be real numbers, not object"),
    ],
)
def test_refused(a, options, message):
    with pytest.raises(BadInput, match=message):
        logsumexp(a, **options)


@pytest.mark.parametrize(("axis", "error"), [(5, np.exceptions.AxisError), ((0, 0), ValueError)])
def test_bad_axes_raise_as_in_numpy(axis, error):
    with pytest.raises(error):
        logsumexp([1, 2], axis=axis)


LOWEST = float(from_codes(Q16_16.min_code))


@pytest.mark.parametrize("other", [[0.0, -1e5], [-1e5, -1e5], [1e5, 0.0], [0.0, 0.0]])
def test_a_row_was_refused_for_what_stood_in_another(other):
    alone = logsumexp([LOWEST, -np.inf])
    assert np.isfinite(alone)
    try:
        both = logsumexp([[LOWEST, -np.inf], other], axis=1)
    except OutOfRange as error:
        assert "1 of 2 answers" in str(error)
        assert "number 1" in str(error)
    else:
        assert both[0] == alone


def test_longdoubles_beyond_binary64_became_infinity_and_zero():
    with pytest.raises(OutOfRange):
        logsumexp([np.longdouble("1e400")])
    assert logsumexp([0.0], b=np.longdouble("1e-400")) == pytest.approx(-921.034037, abs=1e-5)
    assert logsumexp([-np.longdouble("1e400"), 0.0]) == 0.0


@pytest.mark.parametrize(
    "options", [{"axis": 0}, {"axis": -1, "keepdims": True}, {"keepdims": True}]
)
def test_a_single_number_with_an_axis_was_refused(options):
    found, expected = logsumexp(1.0, **options), scipy.special.logsumexp(1.0, **options)
    assert np.shape(found) == np.shape(expected)
    assert found == pytest.approx(expected, abs=2e-5)
