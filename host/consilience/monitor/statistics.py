"""The statistic T of states that are kept, and the tables to work it out."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.monitor_kernels import HEAD_WORDS, statistic_each
from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_add_table import log_add_segments
from consilience_hw.spec.log_format import Q16_16

__all__ = ["log_add_constants", "reach", "statistics_of", "statistics_of_components"]


@cache
def log_add_constants() -> NDArray[np.int32]:
    """Return B, S and Q of each segment of G, int32 of shape (1024, 4): four to 16 bytes."""
    constants = np.zeros((len(log_add_segments()), 4), np.int32)
    constants[:, :3] = log_add_segments()
    return constants


def statistics_of(states: NDArray[np.int64], weights: Codes) -> Codes:
    """Return T of records, int32 of shape (agents,)."""
    statistics = np.empty(len(states), np.int32)
    statistic_each(states, weights, log_add_constants(), statistics)
    return statistics


def statistics_of_components(components: NDArray[np.int32], weights: tuple[int, ...]) -> Codes:
    """Return T of components, (agents, K), int32 of shape (agents,)."""
    agents, count = components.shape
    pairs = np.zeros((agents, 2 * -(-count // 2)), np.int32)
    pairs[:, :count] = components
    states = np.zeros((agents, HEAD_WORDS + pairs.shape[1] // 2), np.int64)
    states[:, HEAD_WORDS:] = pairs.view(np.int64)
    return statistics_of(states, np.array(weights, np.int32))


def reach(weights: tuple[int, ...]) -> int:
    """Return the largest T that these weights allow: that of the largest components."""
    largest = np.full((1, len(weights)), Q16_16.max_code, np.int32)
    return int(statistics_of_components(largest, weights)[0])
