"""Exact log sums in JAX: the same bits on its CPU, GPU and TPU, under jit, vmap and shard_map.

``pip install 'consilience[jax]'``. Integers of 32 bits alone, so JAX's switch for 64 bits may stand
as it likes.
"""

from consilience.jax.log_sum_exp import logsumexp
from consilience.jax.log_sums import reduce, reduce_with_status
from consilience.jax.monitor_step import monitor_step

__all__ = ["logsumexp", "monitor_step", "reduce", "reduce_with_status"]
