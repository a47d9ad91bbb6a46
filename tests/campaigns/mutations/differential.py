"""Planted faults that the differential campaign must notice, each in a slice of its calls."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["DIFFERENTIAL"]

SLICE = "tests/campaigns/differential/test_differential_slice.py::"
ON_CPU = SLICE + "test_slice_on_cpu[{}]"
IN_SIMULATION = SLICE + "test_slice_in_simulation[{}]"
READ_KERNELS = "host/consilience/kernels/read_kernels.py"
SUM_KERNELS = "host/consilience/kernels/sum_kernels.py"
TOTALS = "host/consilience/verdicts/exact_totals.py"
GROUPS = "host/consilience/live/groups.py"

DIFFERENTIAL = (
    Mutation(
        "posterior kernels: ties go up",
        "host/consilience/kernels/posterior_kernels.py",
        "rest > _HALF or (rest == _HALF and quotient & 1)",
        "rest >= _HALF",
        ON_CPU.format("posterior"),
    ),
    Mutation(
        "kernels: a sum of the largest code is called saturated",
        SUM_KERNELS,
        "status[segment] = _SATURATED if code > _MAX else 0",
        "status[segment] = _SATURATED if code >= _MAX else 0",
        ON_CPU.format("reduce"),
    ),
    Mutation(
        "kernels: a live sum is cut one bin too high",
        SUM_KERNELS,
        "lower += np.uint64(sums[top - 7 + place]) << shift",
        "lower += np.uint64(sums[top - 7 + place] * min(place, 1)) << shift",
        ON_CPU.format("live"),
    ),
    Mutation(
        "kernels: a live sum forgets that it held logs of zero",
        SUM_KERNELS,
        "        tallies[ZEROS] += sign\n",
        "        tallies[ZEROS] += max(sign, 0)\n",
        ON_CPU.format("live"),
    ),
    Mutation(
        "live: a reading near a border is not decided",
        "host/consilience/live/live.py",
        "near = found.status[0] & ResultStatus.HARD_TO_ROUND",
        "near = False",
        IN_SIMULATION.format("live"),
    ),
    Mutation(
        "link device: sums near a border are not decided",
        "host/consilience/devices/link_device.py",
        "            sums[hard], status[hard] = self._exact.sums(codes[rows], ends)\n",
        "            status[hard] = self._exact.sums(codes[rows], ends)[1]\n",
        IN_SIMULATION.format("reduce"),
    ),
    Mutation(
        "link device: posteriors near a border are not decided",
        "host/consilience/devices/link_device.py",
        "            posteriors[hard], status[hard] = self._exact.posteriors(\n",
        "            _, status[hard] = self._exact.posteriors(\n",
        IN_SIMULATION.format("posterior"),
    ),
    Mutation(
        "groups: a change leaves out the sum over all",
        GROUPS,
        "        for node, state in zip(way, changed, strict=True):\n",
        "        for node, state in zip(way[1:], changed[1:], strict=True):\n",
        ON_CPU.format("group trees"),
    ),
    Mutation(
        "groups: the mark of a group is that of its last change",
        GROUPS,
        "            if node.marked is None:\n                node.marked = node.state\n",
        "            node.marked = node.state\n",
        ON_CPU.format("group trees"),
    ),
    Mutation(
        "from_codes: the log of zero is a number",
        "host/consilience/kernels/quantising.py",
        "-np.inf if code == _ZERO else value",
        "value",
        ON_CPU.format("from_codes"),
    ),
    Mutation(
        "logsumexp: values below the lowest code count as it",
        "host/consilience/numbers/float_log_sum.py",
        "(below & (code < _NEGLIGIBLE))",
        "(below & False)",
        ON_CPU.format("logsumexp"),
    ),
    Mutation(
        "robust: ratios are cut to bins, not rounded",
        "host/consilience/robust/robust_counts.py",
        "(np.abs(ratios) + unit // 2) // unit",
        "np.abs(ratios) // unit",
        ON_CPU.format("robust"),
    ),
    Mutation(
        "robust: a circle of decisions stands",
        "host/consilience/robust/robust_query.py",
        "    if _has_circle(decisions, hypotheses):\n",
        "    if False:\n",
        ON_CPU.format("robust"),
    ),
    Mutation(
        "evidence sums: a log of zero of weight 0 counts",
        TOTALS,
        "(zero & (wide > 0)[:, np.newaxis])",
        "zero",
        ON_CPU.format("evidence sums"),
    ),
    Mutation(
        "evidence sums: ties go up",
        TOTALS,
        "(rest > half) | ((rest == half) & ((quotient & 1) == 1))",
        "rest >= half",
        ON_CPU.format("evidence sums"),
    ),
    Mutation(
        "discount: the age itself is beyond the greatest",
        READ_KERNELS,
        "    if age >= max_age:\n",
        "    if age > max_age:\n",
        ON_CPU.format("discounts"),
    ),
    Mutation(
        "stale reads: changes unseen are cut, not rounded up",
        READ_KERNELS,
        "-(-rate * min(age, _LARGEST // rate) // _SECOND_MS)",
        "rate * min(age, _LARGEST // rate) // _SECOND_MS",
        ON_CPU.format("stale reads"),
    ),
    Mutation(
        "agent rows: agents keep the order in which they came",
        "host/consilience/devices/agent_rows.py",
        '    order = np.argsort(ids, kind="stable")\n    return',
        "    order = np.arange(len(ids))\n    return",
        ON_CPU.format("posterior"),
    ),
)
