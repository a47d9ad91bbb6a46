"""Agents at work as lines of calls: a few tools in a loose order, and what a hijacked one adds."""

import json
import random

AFTER = {
    "": ("read_ticket", "read_ticket", "search_orders"),
    "read_ticket": ("search_orders", "search_orders", "search_help", "reply"),
    "search_orders": ("read_order", "read_order", "search_help"),
    "read_order": ("reply", "reply", "refund", "search_help"),
    "search_help": ("reply", "reply", "search_help"),
    "refund": ("reply",),
}
HIJACK = ("export_contacts", "send_email")


def run_of(chance: random.Random, hijacked: bool = False) -> list[str]:
    """Return the tools of a run."""
    tools, last = [], ""
    while last != "reply" and len(tools) < 12:
        last = chance.choice(AFTER[last])
        tools.append(last)
    if hijacked:
        place = chance.randrange(len(tools))
        tools[place:place] = HIJACK
    return tools


def lines_of(agents, runs, seed, hijacked=(), name="r", since=0):
    """Return JSON lines, the agents' runs by turns.

    Parameters
    ----------
    agents : sequence of str
    runs : int
        Of each agent.
    seed : int
    hijacked : collection of str
        Agents whose runs from `since` on are.
    """
    chance = random.Random(seed)
    lines, clock = [], 1_790_000_000 + 10**6 * seed
    for number in range(runs):
        for agent in agents:
            for tool in run_of(chance, agent in hijacked and number >= since):
                clock += chance.randrange(1, 20)
                call = {"agent": agent, "run": f"{name}{number}", "tool": tool, "time": clock}
                lines.append(json.dumps(call))
    return "\n".join(lines) + "\n"
