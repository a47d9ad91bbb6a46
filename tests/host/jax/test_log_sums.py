"""Log sums in JAX: the bits of cpu, under jit, vmap and over devices; a gradient."""

from functools import partial

import jax
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

import consilience as cs
from consilience.errors import BadInput
from consilience.jax import logsumexp, reduce, reduce_with_status
from consilience_sim.reference.vectors import (
    FULL_DIGEST,
    SHORT,
    SHORT_DIGEST,
    results_digest,
    vector_set,
)

_ZERO = -(2**31)


def rows():
    """Return 200 packets of five codes, most of them within reach of one another."""
    draw = np.random.default_rng(5)
    scale = 2.0 ** draw.integers(0, 31, (200, 1))
    codes = np.rint(draw.normal(size=(200, 5)) * scale).clip(_ZERO, 2**31 - 1).astype(np.int32)
    codes[draw.integers(0, 200, 60), draw.integers(0, 5, 60)] = _ZERO
    codes[:3] = [[_ZERO] * 5, [2**31 - 1] * 5, [_ZERO + 1] * 5]
    return codes


def test_reduce_is_that_of_cpu():
    codes, offsets = rows().ravel(), 5 * np.arange(201)
    with cs.open("cpu") as device:
        wanted = device.reduce_with_status(codes, offsets)
    found, status = jax.jit(reduce_with_status)(codes, offsets)
    np.testing.assert_array_equal(found, wanted.codes)
    np.testing.assert_array_equal(status, wanted.status)


@pytest.mark.slow
def test_lengths_of_segments_and_vmap():
    codes = rows()
    with cs.open("cpu") as device:
        wanted = device.reduce(codes.ravel(), 5 * np.arange(201))
        # Lengths 0 to 15.
        other = np.unique(np.concatenate([[0, 1000], 13 * np.arange(70), [7, 7, 9]]))
        ragged = device.reduce(codes.ravel(), other)
    np.testing.assert_array_equal(jax.jit(reduce)(codes.ravel(), other), ragged)
    np.testing.assert_array_equal(jax.jit(jax.vmap(reduce))(codes)[:, 0], wanted)
    assert reduce(codes[0, :0]).tolist() == [_ZERO]


@pytest.mark.slow
def test_the_codes_of_a_mapped_axis_are_one_sum():
    codes = rows()[:20, :4].reshape(20, 4)
    with cs.open("cpu") as device:
        wanted = device.reduce(codes.ravel(), 4 * np.arange(21))
    spread = jax.jit(jax.vmap(partial(reduce, axis_name="boards"), axis_name="boards"))
    for row, code in zip(codes, wanted, strict=True):
        assert np.asarray(spread(row[:, np.newaxis])).ravel().tolist() == [code] * 4


@pytest.mark.slow
def test_logsumexp_is_that_of_the_library_with_softmax_as_gradient():
    draw = np.random.default_rng(6)
    values = draw.normal(size=(6, 40)) * 10.0 ** np.arange(-2, 4)[:, np.newaxis]
    values = values.astype(np.float32)
    values[0, :5] = -np.inf
    found = jax.jit(partial(logsumexp, axis=1))(values)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, cs.logsumexp(values, axis=1))
    np.testing.assert_array_equal(logsumexp(values[:2]), cs.logsumexp(values[:2]))
    gradient = jax.grad(logsumexp)(values[1])
    softmax = np.exp(values[1].astype(float) - float(found[1]))
    np.testing.assert_allclose(gradient, softmax, rtol=1e-4)
    nothing = np.full(3, -np.inf, np.float32)
    assert float(logsumexp(nothing)) == -np.inf
    assert jax.grad(logsumexp)(nothing).tolist() == [0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([1.0, np.nan, np.inf], np.nan),
        ([1.0, np.inf], np.inf),
        ([30_000.0], np.nan),
        ([22_713.0, 22_713.0], np.nan),
        ([-30_000.0], np.nan),
        ([-30_000.0, 0.0], 0.0),
        ([], -np.inf),
    ],
)
def test_what_has_no_answer_is_not_a_number(values, answer):
    np.testing.assert_array_equal(logsumexp(np.array(values, np.float32)), answer)


@pytest.mark.parametrize(
    ("codes", "offsets", "words"),
    [
        (np.zeros(3), None, "codes must be int32"),
        (np.zeros((3, 3), np.int32), None, "one dimension"),
        (np.zeros(3, np.int32), [0, 2], "to the number of codes, 3"),
        (np.zeros(3, np.int32), [0, 2, 1, 3], "never decrease"),
        (np.zeros(3, np.int32), [0.0, 3.0], "offsets must be integers"),
    ],
)
def test_what_does_not_fit_is_refused(codes, offsets, words):
    with pytest.raises(BadInput, match=words):
        reduce(codes, offsets)


@pytest.mark.slow
def test_the_pinned_digests():
    codes, offsets = vector_set()
    compiled = jax.jit(reduce_with_status)
    assert results_digest(*map(np.asarray, compiled(codes, offsets))) == FULL_DIGEST
    few = offsets[: SHORT + 1]
    assert results_digest(*map(np.asarray, compiled(codes[: few[-1]], few))) == SHORT_DIGEST


@pytest.mark.slow
def test_four_devices_give_the_sum_of_one():
    draw = np.random.default_rng(8)
    codes = np.rint(draw.normal(size=4_000) * 2**22).astype(np.int32)
    mesh = jax.make_mesh((4,), ("boards",))
    over = jax.shard_map(
        partial(reduce, axis_name="boards"),
        mesh=mesh,
        in_specs=PartitionSpec("boards"),
        out_specs=PartitionSpec(),
    )
    with cs.open("cpu") as device:
        spread = jax.device_put(codes, NamedSharding(mesh, PartitionSpec("boards")))
        assert jax.jit(over)(spread).tolist() == device.reduce(codes).tolist()
