"""The arithmetic of a read: all shards' ages and evidence to a discounted sum and its error bound.

With l_s the evidence held of shard s, l'_s what it is now, c the clip, u_s the agents that may have
changed unseen: each of these moved its shard's sum by at most 2c, from one end of its clipped range
to the other. So ``|l'_s - l_s| <= 2c u_s``, and for L = sum of w_s l_s and L' = sum of l'_s::

    |L - L'| <= sum of (1 - w_s) |l_s| + 2c u_s
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.estimate import Estimate
from consilience.errors import BadInput
from consilience.kernels.read_kernels import IMPOSSIBLE, NEVER, weigh_shards
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE, WEIGHT_BITS

__all__ = ["NEVER", "ShardArrays"]

_LARGEST = 1 << 62


@dataclass(frozen=True)
class ShardArrays:
    """The shards' constants, and the arithmetic of a read over arrays of one element a shard.

    Parameters
    ----------
    enrolled : sequence of int
        N_s: reporters that may speak in each shard.
    changes_per_s : int
        Reporters of a shard whose evidence may change in a second, the same for all shards.
    discount : Discount
    clip : int
        c in ulp.
    prior : int
        Log-odds before all evidence, in ulp.

    Raises
    ------
    BadInput
        No shard, or so many reporters and so large a clip that 64 bits do not hold the sums.
    """

    enrolled: Sequence[int]
    changes_per_s: int
    discount: Discount
    clip: int
    prior: int = 0

    def __post_init__(self) -> None:
        if not self.enrolled or min(self.enrolled) < 0:
            raise BadInput(
                "give the number of enrolled reporters, 0 or more, of at least one shard"
            )
        if self.changes_per_s < 1 or self.clip < 1:
            raise BadInput("changes_per_s and clip must be at least 1")
        widest = 4 * ONE * self.clip * sum(self.enrolled)
        if widest >= _LARGEST or self.changes_per_s >= _LARGEST:
            raise BadInput("sums of so many reporters need more than 64 bits; lower the clip")

    @cached_property
    def _enrolled(self) -> NDArray[np.int64]:
        return np.array(self.enrolled, np.int64)

    @cached_property
    def _reporters(self) -> int:
        return sum(self.enrolled)

    def estimate(self, age_ms: NDArray[np.int64], evidence: NDArray[np.int64]) -> Estimate:
        """Return the discounted sum over shards and its error bound.

        Parameters
        ----------
        age_ms : ndarray of int64, shape (S,)
            Upper bounds, or `NEVER`.
        evidence : ndarray of int64, shape (S,)
            l_s in ulp: sums of clipped log-odds; 0 where never heard from.
        """
        rules = (self.changes_per_s, self.clip, *self.discount.policy)
        weights, point, bound, whole, unseen = weigh_shards(
            age_ms, evidence, self._enrolled, rules, mantissa_table(Q16_16)
        )
        if unseen == IMPOSSIBLE:
            raise BadInput("evidence of a shard that its reporters, clipped, cannot sum to")
        return Estimate(
            (self.prior << WEIGHT_BITS) + point,
            bound,
            tuple(weights.tolist()),
            whole // self._reporters if self._reporters else 0,
            unseen,
        )
