"""``python -m examples.live_service``: from nothing to an alarm that is seen and told.

1. Three mail agents do 300 good runs, traced with the OpenTelemetry SDK; `consilience fit` learns
   from them what good runs look like.
2. `consilience serve --http` starts in an empty folder, with a webhook.
3. The agents go on, each span sent to the service by OpenTelemetry's own exporter.
4. One is hijacked: it is flagged with the step that gives it away. The script says how long after
   that step the page showed it (in a real browser, where one is) and the webhook came.

Writes only below a temporary folder, or --out. Exit codes: 0 flagged and told; 1 not.
"""

import argparse
import base64
import json
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from consilience.client import Client
from examples.live_service.agents import HIJACKED, SpanLines, TracedAgent, good_run
from examples.live_service.browser import Watched, chromium
from examples.live_service.pager import Pager

__all__ = ["main"]

NAMES = ("mail-amsterdam", "mail-lyon", "mail-porto")
VICTIM = NAMES[1]
LEARNED, GOOD, MOST_BAD = 100, 110, 20
ARL = "10000"
END = "the end of the run"
COMMAND = (sys.executable, "-m", "consilience")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the example; see the module."""
    parser = argparse.ArgumentParser(prog="python -m examples.live_service", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep all files here")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of what the agents do")
    chosen = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = chosen.out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        facts = _live(folder, random.Random(chosen.seed), stack)
    if chosen.json:
        print(json.dumps(facts))
    return 0 if facts["flagged"] and facts["told_after_s"] is not None else 1


def _live(folder: Path, chance: random.Random, stack: ExitStack) -> dict[str, Any]:
    tell(f"{len(NAMES)} agents do {LEARNED} good runs each; consilience fit learns from them")
    traces, model = folder / "good.jsonl", folder / "model.json"
    _do_good_runs(lambda: SpanLines(traces), LEARNED, chance)
    subprocess.run([*COMMAND, "fit", str(traces), "--out", str(model)], check=True)

    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    pager = Pager(secret)
    stack.callback(pager.close)
    url = stack.enter_context(_served(folder, model, pager.url, secret))
    tell(f"the service runs at {url}; the agents go on, {GOOD} runs each")
    # The real exporter of OpenTelemetry: protobuf over HTTP.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    _do_good_runs(lambda: OTLPSpanExporter(f"{url}/v1/traces"), GOOD, chance)
    client = stack.enter_context(Client(url))
    fleet = client.fleet()
    tell(f"{fleet['quiet']} of {fleet['agents']} agents behave; {fleet['promise']}")
    watched = None
    if (browser := chromium()) is not None:
        watched = Watched(url, browser, folder)
        watched.open.wait(60)
    agent = TracedAgent(VICTIM, OTLPSpanExporter(f"{url}/v1/traces"), at_once=True)
    stack.callback(agent.close)
    return _hijacked(agent, client, pager, watched)


def _hijacked(
    agent: TracedAgent, client: Client, pager: Pager, watched: Watched | None
) -> dict[str, Any]:
    """Let the agent do what a mail tells it until it is flagged."""
    tell(f"{VICTIM} reads a mail that tells it: {', '.join(HIJACKED)}")
    facts: dict[str, Any] = {"flagged": False, "told_after_s": None, "seen_after_s": None}
    for number in range(1, MOST_BAD + 1):
        root = agent.begin()
        for place, tool in enumerate((*HIJACKED, END), start=1):
            if tool == END:
                root.end()
            else:
                agent.step(root, tool)
            done = time.monotonic()
            alarm = next(client.alarms(), None)
            if alarm is None:
                continue
            told = pager.wait(10)
            seen = None if watched is None else watched.wait(10)
            facts = {
                "flagged": alarm["agent"] == VICTIM,
                "agent": alarm["agent"],
                "hijacked_runs": number,
                "step": place,
                "tool": tool,
                "why": alarm["why"],
                "told_after_s": None if told is None else round(max(0.0, told[0] - done), 3),
                "seen_after_s": None if seen is None else round(max(0.0, seen - done), 3),
                "signatures_refused": pager.refused,
            }
            tell(f"flagged in hijacked run {number} with step {place}, {tool}: {alarm['why']}")
            tell(f"the webhook came {facts['told_after_s']} s after that step, signature checked")
            if watched is None:
                tell("no browser here (Debian: apt install chromium): the page was not looked at")
            else:
                tell(f"the page showed it {facts['seen_after_s']} s after that step")
            return facts
    tell(f"not flagged in {MOST_BAD} hijacked runs")
    return facts


def _do_good_runs(exporter: Callable[[], Any], runs: int, chance: random.Random) -> None:
    """Let all agents do their work, in turns."""
    agents = [TracedAgent(name, exporter(), at_once=False) for name in NAMES]
    for _ in range(runs):
        for agent in agents:
            agent.run(good_run(chance))
    for agent in agents:
        agent.close()


@contextmanager
def _served(folder: Path, model: Path, pager: str, secret: str) -> Iterator[str]:
    """Start the service from nothing; give its address."""
    key, alerts = folder / "pager.key", folder / "alerts.toml"
    key.touch(0o600)
    key.write_text(secret)
    alerts.write_text(f'[[webhook]]\nname = "pager"\nurl = "{pager}"\nsecret_file = "{key}"\n')
    words = ["--state", folder / "state", "--model", model, "--alerts", alerts, "--arl", ARL]
    process = subprocess.Popen(
        [*COMMAND, "serve", "--http", "127.0.0.1:0", "--json", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the service did not start")
        yield json.loads(line)["url"]
    finally:
        process.terminate()
        process.communicate(timeout=60)


def tell(words: str) -> None:
    """Say what happens."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
