"""The steps of the verification, in the order in which they are told."""

from tests.campaigns.verify import (
    digests,
    exhaustion,
    last_rounding,
    monitors,
    netlists,
    order,
    slow_tests,
)
from tests.campaigns.verify.formal import streams, timing
from tests.campaigns.verify.step import Step

__all__ = ["STEPS"]

STEPS = (
    Step("exhaustion", "Every mantissa, every logarithm, every round trip", exhaustion.run),
    Step("order", "Any order, any split, any tree: the same bits", order.run),
    Step("last-rounding", "Normalise and round, against big integers", last_rounding.run),
    Step("monitors", "No statistic of a monitor is above the exact one", monitors.run),
    Step("digests", "One digest on every implementation", digests.run),
    Step("netlists", "What synthesis makes of it does the same", netlists.run),
    Step("slow-tests", "What `make test` leaves out", slow_tests.run),
    Step("streams", "Streams, queues, framing and sessions keep their rules", streams.run),
    Step("timing", "Timing tells nothing of data", timing.run),
)
