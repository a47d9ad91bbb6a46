"""What NumPy would take for something else on its way in is refused, with the cure."""

import numpy as np
import pytest

import consilience as cs
from consilience.distributed.staleness.discount import Discount
from consilience.errors import BadInput
from consilience.numbers.arrays import plain_array

FLOATS = np.ma.array([0.0, 1.0, 2.0], mask=[1, 0, 0])
INTEGERS = np.ma.array([1, 2, 3], mask=[1, 0, 0])
OFFSETS = np.ma.array([0, 1, 2], mask=[0, 1, 0])
ROWS = np.array([[1, 2], [3, 4], [5, 6]], np.int32)
PRIOR = np.zeros(2, np.int32)


def on_cpu(call):
    with cs.open("cpu") as dev:
        return call(dev)


def live(agents, codes):
    with cs.open("cpu") as dev, dev.live() as one:
        one.enter(agents, codes)


MASKED = {
    "logsumexp": lambda: cs.logsumexp(FLOATS),
    "logsumexp of a list": lambda: cs.logsumexp([FLOATS, FLOATS]),
    "factors": lambda: cs.logsumexp([0.0, 0.0, 0.0], b=FLOATS),
    "to_codes": lambda: cs.to_codes(FLOATS),
    "from_codes": lambda: cs.from_codes(INTEGERS),
    "LogSum.of": lambda: cs.LogSum.of(INTEGERS),
    "LogSum.remove": lambda: cs.LogSum.of([1, 2, 3]).remove(INTEGERS),
    "WindowSum.of": lambda: cs.WindowSum.of(INTEGERS),
    "reduce": lambda: on_cpu(lambda dev: dev.reduce(INTEGERS)),
    "offsets": lambda: on_cpu(lambda dev: dev.reduce([1, 2], OFFSETS)),
    "leave_one_out": lambda: on_cpu(lambda dev: dev.leave_one_out(INTEGERS)),
    "evidence": lambda: on_cpu(
        lambda dev: dev.posterior(np.ma.array(ROWS, mask=ROWS > 5), [1, 2, 3], PRIOR)
    ),
    "agents": lambda: on_cpu(lambda dev: dev.posterior(ROWS, INTEGERS, PRIOR)),
    "weights": lambda: on_cpu(lambda dev: dev.posterior(ROWS, [1, 2, 3], PRIOR, INTEGERS)),
    "prior": lambda: on_cpu(lambda dev: dev.posterior(ROWS, [1, 2, 3], INTEGERS[:2])),
    "robust": lambda: on_cpu(lambda dev: dev.robust(INTEGERS, 0, 128)),
    "histogram": lambda: cs.RobustHistogram.of(INTEGERS, 128),
    "live agents": lambda: live(INTEGERS, [1, 2, 3]),
    "live codes": lambda: live([1, 2, 3], INTEGERS),
    "ages": lambda: Discount(0, 1000, 10_000).weight(INTEGERS),
}


@pytest.mark.parametrize("call", MASKED.values(), ids=MASKED)
def test_masked_values_were_taken_for_present(call):
    with pytest.raises(BadInput, match="masked values cannot be left out"):
        call()


def test_a_mask_that_hides_nothing_is_no_obstacle():
    assert cs.logsumexp(np.ma.array([0.0, 1.0])) == cs.logsumexp([0.0, 1.0])


def test_rows_of_unequal_length_were_a_traceback():
    with pytest.raises(BadInput, match="array of one shape"):
        cs.to_codes([[1], [1, 2]])


def test_an_array_is_not_copied():
    values = np.arange(3)
    assert plain_array(values, "values") is values
