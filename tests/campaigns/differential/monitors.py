"""Sequential monitors: updates of many agents, and everything that can happen between them."""

from functools import partial
from random import Random
from typing import Any

from consilience.devices.device import Device
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode, Policy, Source
from consilience_sim.golden.monitor import MonitorModel
from consilience_sim.golden.monitor_bytes import monitor_bytes
from tests.campaigns.differential.codes import draw_codes
from tests.campaigns.differential.kind import Arguments, Kind, Outcome, array_of, done, draw_way

__all__ = ["Monitors"]

_BIT = Q16_16.fractions
_AGENTS = [0, 1, -1, 2**63, 2**64 - 1, "", "a", "\u00e9\U0001f600"]
_NUMBERS = [0, 1, 2**63 - 1, 2**63, 2**64 - 1]


class Monitors(Kind):
    """`update`, provisional and with sequence numbers, `acknowledge`, `renew`; state and bytes."""

    name = "monitors"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw settings, and steps of a few agents."""
        count = rng.choice((1, 1, 2, 2, 2, 3, 4, 5, 16))
        agents = rng.sample(_AGENTS, rng.randint(1, 3))
        steps: list[list[Any]] = []
        for _ in range(rng.randint(1, 10)):
            word = rng.choice(("update",) * 6 + ("acknowledge", "renew", "scheduled"))
            agent = rng.choice(agents)
            rows: list[list[int]] = []
            numbers: list[int] | None = None
            if word == "update":
                rows = [_increments(rng, count) for _ in range(rng.randint(1, 5))]
                if rng.random() < 0.4:
                    numbers = [_number(rng) for _ in rows]
            steps.append([word, agent, rows, numbers, rng.random() < 0.8])
        return {
            "mode": rng.randrange(4),
            "policy": rng.randrange(3),
            "threshold": rng.choice((1, 2 * _BIT, 20 * _BIT)),
            "count": count,
            "steps": steps,
            "way": draw_way(rng),
        }

    def expected(self, arguments: Arguments) -> Outcome:
        """Row by row through the golden model."""
        settings = _settings(arguments)
        model = MonitorModel(settings.mode, settings.weights, settings.threshold, settings.policy)
        outcome: Outcome = []
        for word, agent, rows, numbers, commit in arguments["steps"]:
            if word == "update":
                read = [
                    model.update(agent, row, commit, None if numbers is None else numbers[place])
                    for place, row in enumerate(rows)
                ]
                alarms = [place for place, one in enumerate(read) if one.alarm]
                outcome.append([[one.statistic for one in read], alarms])
            elif agent not in model.agents:
                outcome.append("BadInput")
            elif word == "acknowledge":
                outcome.append(model.acknowledge(agent))
            else:
                outcome.append(model.renew(agent, word == "scheduled"))
        return [*outcome, monitor_bytes(model, Source.ASSERTED, None).hex()]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Batch by batch; the state goes through its bytes in the middle."""
        mon = Monitor(_settings(arguments))
        outcome: Outcome = []
        for place, (word, agent, rows, numbers, commit) in enumerate(arguments["steps"]):
            if place == len(arguments["steps"]) // 2:
                mon = Monitor.from_bytes(bytes(mon))
            if word == "update":
                increments = array_of(rows, arguments["way"])
                found = mon.update([agent] * len(rows), increments, commit, numbers)
                outcome.append([found.statistic.tolist(), found.alarms.tolist()])
            elif word == "acknowledge":
                outcome.append(done(mon.acknowledge, agent))
            else:
                outcome.append(done(partial(mon.renew, agent, word == "scheduled")))
        return [*outcome, bytes(mon).hex()]


def _settings(arguments: Arguments) -> MonitorSettings:
    count = arguments["count"]
    return MonitorSettings(
        MonitorMode(arguments["mode"]),
        (-(count - 1).bit_length() * _BIT,) * count,
        arguments["threshold"],
        Policy(arguments["policy"]),
        Source.ASSERTED,
        None,
    )


def _increments(rng: Random, count: int) -> list[int]:
    """Return increments: as they come, or end codes and ties."""
    if rng.random() < 0.3:
        drawn = draw_codes(rng, count) or [0]
        return [rng.choice(drawn) for _ in range(count)]
    scale = rng.choice((3, 1_000, _BIT, 9 * _BIT))
    return [round(rng.gauss(0, scale)) for _ in range(count)]


def _number(rng: Random) -> int:
    if rng.random() < 0.1:
        return rng.choice(_NUMBERS)
    return rng.choice((rng.randint(0, 20), rng.randint(0, 90), 10**9 + rng.randint(0, 70)))
