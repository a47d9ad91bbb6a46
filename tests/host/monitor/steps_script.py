"""Calls of a monitor that are hard on what carries out its recurrence."""

import numpy as np

import consilience as cs
from consilience.monitor.steps import Stepped
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import ALARMED, AgentFlag
from consilience_sim.golden.monitor import AgentModel, MonitorModel

ZERO, MAX, BIT = Q16_16.log_of_zero, Q16_16.max_code, Q16_16.fractions
SPECIAL = [ZERO, ZERO + 1, MAX, MAX - 1, 0, -1, 1, 1_083_228, -1_083_229]


def agents_of(choose, count):
    """Return agents: at random, one alone, two in turn, some far oftener than others."""
    kind = choose.integers(4)
    if kind == 0:
        return choose.integers(0, 40, count)
    if kind == 1:
        return np.full(count, choose.integers(40))
    if kind == 2:
        return np.arange(count) % 2 + 50
    return choose.geometric(0.2, count)


def increments_of(choose, count, components):
    scale = choose.choice([BIT // 4, 3 * BIT, 400 * BIT, MAX // 4])
    values = choose.normal(-scale / 8, scale, (count, components)).astype(np.int64)
    special = choose.random((count, components)) < 0.03
    values[special] = choose.choice(SPECIAL, int(special.sum()))
    return values.clip(ZERO, MAX).astype(np.int32)


def drive(monitors, seed, *, batches, rows):
    """Give all monitors the same calls; compare what each returns, and all states at the end."""
    choose = np.random.default_rng(seed)
    components = len(monitors[0].settings.weights)
    alarms = 0
    for _ in range(batches):
        count = int(choose.integers(1, rows))
        ids, values = agents_of(choose, count), increments_of(choose, count, components)
        commit = bool(choose.random() < 0.8)
        sequence = None
        if choose.random() < 0.3:
            sequence = np.maximum(0, np.arange(count) + choose.integers(-70, 70, count))
        found = [one.update(ids, values, commit, sequence) for one in monitors]
        alarms += len(found[0].alarms)
        for one in found[1:]:
            assert one.statistic.tolist() == found[0].statistic.tolist()
            assert one.alarms.tolist() == found[0].alarms.tolist()
        for one in monitors:
            for agent in one.agents[:: max(1, len(one.agents) // 4)]:
                (one.renew if int(agent) % 3 == 0 else one.acknowledge)(agent)
    assert len({bytes(one) for one in monitors}) == 1
    return alarms


def assert_a_fleet_is_the_cpus(device, mode, *, agents, rows):
    """Give the device's monitor and the cpu's one batch; compare results, alarms and states."""
    choose = np.random.default_rng(7)
    lasts = mode in ("spread", "once")
    promise = {"false_alarm": "1/1000"} if lasts else {"arl": 1000}
    ids = choose.integers(0, agents, rows)
    increments = choose.normal(-BIT // 2, 2 * BIT, (rows, 2)).astype(np.int32)
    found = []
    with cs.open("cpu") as cpu:
        for one in (cpu, device):
            with one.monitor(mode=mode, source="asserted", policy="renew", **promise) as monitor:
                found.append((monitor.update(ids, increments), bytes(monitor)))
    (ours, state), (theirs, other) = found
    assert ours.statistic.tobytes() == theirs.statistic.tobytes()
    assert ours.alarms.tolist() == theirs.alarms.tolist() != []
    assert state == other
    return ids, increments


def golden_steps(settings, agents):
    """The golden model's steps, and its states after them."""
    model = MonitorModel(*(getattr(settings, name) for name in ("mode", "weights", "threshold")))
    model.policy = settings.policy
    statistics, status = [], []
    for agent in range(len(agents.flags)):
        flags = int(agents.flags[agent])
        model.agents[agent] = AgentModel(
            agents.components[agent].tolist(),
            int(agents.observations[agent]),
            saturated=bool(flags & AgentFlag.SATURATED),
            latched=bool(flags & AgentFlag.LATCHED),
        )
        alarmed = False
        for row in range(*agents.offsets[agent : agent + 2]):
            found = model.update(agent, agents.increments[row].tolist(), settings.commit)
            statistics.append(found.statistic)
            alarmed |= found.alarm
        state = model.agents[agent]
        status.append(state.saturated | state.latched << 1 | ALARMED * alarmed)
    components = [model.agents[one].components for one in range(len(agents.flags))]
    return Stepped(
        np.array(statistics, np.int32), np.array(components, np.int32), np.array(status, np.uint32)
    )
