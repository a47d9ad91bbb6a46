"""``make alarms``: agents that behave, against the promise; fleets; a watch that is killed.

The exit code is 0 only if every promise held.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from consilience_tools.pages.stamp import ROOT, checked_out
from examples.agent_traces.monitor.fitting import fit_score
from examples.agent_traces.monitor.pipelines import held_out_pipelines
from examples.agent_traces.traces import Traces
from tests.campaigns.monitor.fleet import LEVEL, FleetResult, fleet_table, read_fleets
from tests.campaigns.monitor.kills import kill_often
from tests.campaigns.monitor.null import simulate
from tests.campaigns.monitor.page import kill_line, null_table, write_page
from tests.campaigns.monitor.speed import speed_table
from tests.campaigns.tables import print_table


def main() -> int:
    """Run all, or what is asked for; print tables and a line."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.monitor", description=__doc__)
    parser.add_argument(
        "--trials", type=int, default=40_000, help="agents; 16 times as many where it is close"
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--fleets", type=int, default=100, help="read once each, on real traces")
    parser.add_argument("--fleet-agents", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", action="store_true", help="measure how fast it is, nothing else")
    parser.add_argument("--only-fleets", action="store_true", help="read fleets, nothing else")
    parser.add_argument("--page", action="store_true", help="write docs/false_alarms.md, too")
    options = parser.parse_args()
    if options.speed:
        print_table(speed_table())
        return 0
    started = time.monotonic()
    with ProcessPoolExecutor(1) as beside:
        reading = beside.submit(_fleets, options.fleets, options.fleet_agents, options.seed)
        if not options.only_fleets:
            kills = kill_often(options.kills, options.seed)
            _say(kill_line(kills))
            results = list(simulate(options.trials, options.seed, _say))
        fleets = reading.result()
    print_table(fleet_table(fleets))
    false = any(one.false_share > LEVEL for one in fleets)
    if options.only_fleets:
        return int(false)
    print_table(null_table(results))
    broken = [one for one in results if not one.holds]
    seconds = round(time.monotonic() - started)
    print(f"{len(results) - len(broken)} of {len(results)} promises held ({seconds} s)")
    if options.page:
        command = (
            f"python -m tests.campaigns.monitor --trials {options.trials} --kills {options.kills} "
            f"--fleets {options.fleets} --seed {options.seed}"
        )
        path = ROOT / "docs" / "false_alarms.md"
        write_page(results, fleets, kills, command, seconds, checked_out(), path)
    return int(bool(broken) or false or not kills.same)


def _fleets(count: int, agents: int, seed: int) -> list[FleetResult]:
    """Read fleets of agents that are replicated from the held-out pipelines."""
    traces = Traces.load()
    pipelines = held_out_pipelines(traces, fit_score(traces))
    return read_fleets(
        pipelines, count, agents, seed, lambda done: _say(f"fleet {done} of {count} read")
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
