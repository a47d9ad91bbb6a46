"""A hundred nodes and their servers: started, stopped, killed and started again."""

import gc
import json
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.partition.children import Children, begin_session
from tests.campaigns.partition.namespaces import Network, address, environment
from tests.campaigns.partition.node_process import (
    DEADLINE_NS,
    NodePlan,
    Recorder,
    run_node,
    run_recorders,
)
from tests.campaigns.partition.proxy import run_proxy
from tests.campaigns.partition.settings import Settings

__all__ = ["STAGGER", "Cluster"]

STAGGER = 16
"""Nodes read at so many different moments of the spacing: node n at n mod 16 of 16."""
_PORT = 4222
_SERVER = """\
listen: "{address}:{port}"
ping_interval: "3s"
ping_max: 1
write_deadline: "2s"
"""
_PROXY = "proxy"


class Cluster:
    """Everything of one run. Leaving the context ends every process.

    Places of the network: nodes 1 .. n, then the servers, then the proxy. Nodes are forked from
    this process: a start takes milliseconds, and memory is shared until it is written to.

    Parameters
    ----------
    settings : Settings
    folder : Path
        Histories and logs; a new one for each run.
    proxied : int
        A site whose nodes reach their own server through the proxy.
    """

    def __init__(self, settings: Settings, folder: Path, proxied: int) -> None:
        self.settings, self.folder, self.proxied = settings, folder, proxied
        folder.mkdir(parents=True)
        self.recorder = Recorder(folder / "campaign.jsonl")
        self.note("settings", deadline=DEADLINE_NS, format=Q16_16.identifier, **vars(settings))
        self.network = Network(settings.nodes + settings.sites + 1)
        self._children = Children()
        self._servers: list[subprocess.Popen[bytes]] = []
        self._processor_s = _processor_s()

    @property
    def nodes(self) -> range:
        return range(1, self.settings.nodes + 1)

    @property
    def _sites(self) -> range:
        return range(1, self.settings.sites + 1)

    @property
    def proxy_place(self) -> int:
        return self.settings.nodes + self.settings.sites + 1

    def server(self, site: int) -> int:
        """Return the place of a site's server."""
        return self.settings.nodes + site

    def of_sites(self, sites: Iterable[int]) -> list[int]:
        """Return the nodes of sites."""
        wanted = set(sites)
        return [node for node in self.nodes if self.settings.site(node) in wanted]

    def __enter__(self) -> "Cluster":
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._children.end()
        for server in self._servers:
            server.kill()
            server.wait()
        self.network.close()
        self.note("processor", seconds=round(_processor_s() - self._processor_s, 1))
        for log in self.folder.glob("log-*"):
            shutil.rmtree(log)

    def start(self, node: int, offset_s: int = 0) -> None:
        """Start a node, or start it again; with clocks that are ahead if wanted."""
        plan = self._plan(node)
        with self.network.inside(node):
            self._children.start(str(node), lambda _: run_node(plan), offset_s)

    def produce(self, on: bool) -> None:
        """Let the producers send frames, or stop after the one under way."""
        self.note("produce", on=on)
        for node in self.nodes:
            self._tell(node, {"produce": on})

    def read(self, *plans: tuple[int, int, int]) -> None:
        """Let every node read by plans of (first, count, spacing), in ns; earlier ones are over."""
        for first, count, spacing in plans:
            self.note("reads", first=first, count=count, spacing=spacing, stagger=STAGGER)
        for node in self.nodes:
            reads = [
                (first + spacing * (node % STAGGER) // STAGGER, count, spacing)
                for first, count, spacing in plans
            ]
            self._tell(node, {"reads": reads})

    def signal(self, nodes: Iterable[int], number: signal.Signals) -> None:
        """Send a signal to nodes; the killed ones are waited for."""
        victims = list(nodes)
        self.note("signal", signal=number.name, nodes=victims)
        for node in victims:
            self._children.signal(str(node), number)
        self.note("signalled", signal=number.name, nodes=victims)
        if number == signal.SIGKILL:
            for node in victims:
                self._children.reap(str(node))

    def proxy(self, on: bool) -> None:
        """Let the proxy repeat and reorder, or pass everything on."""
        self._children.tell(_PROXY, b"1" if on else b"0")

    def leave(self) -> None:
        """Let the recorders end, then the nodes; RuntimeError if one of these fails to."""
        for site in self._sites:
            self._children.tell(_recorder(site), b'{"leave": true}\n')
        for site in self._sites:
            self._children.reap(_recorder(site))
        for node in self.nodes:
            self._children.signal(str(node), signal.SIGTERM)
        codes = {node: self._children.reap(str(node)) for node in self.nodes}
        if failed := {node: code for node, code in codes.items() if code}:
            raise RuntimeError(f"nodes that did not leave in order, and their ends: {failed}")

    def note(self, kind: str, **fields: Any) -> None:
        """Write a line into the campaign's history."""
        self.recorder.note(kind, **fields)

    def is_up(self, node: int) -> bool:
        """Return whether a node's history has begun: it has answered."""
        path = self.folder / f"node-{node:03}.jsonl"
        return path.exists() and path.stat().st_size > 0

    def memory_mb(self) -> float:
        """Return the mean memory of a node, shared pages divided among those who share them."""
        sizes = []
        for node in self.nodes:
            pid = self._children.pid(str(node))
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            sizes.append(int(text.split("Pss:")[1].split()[0]) / 1024)
        return sum(sizes) / len(sizes)

    def _start_all(self) -> None:
        for site in self._sites:
            self._serve(site)
        time.sleep(0.5)
        with WriteAheadLog(self.folder / "log-none") as log:
            ReadNode(1, self.settings.rule, log).read()  # compiles what all nodes then share
        gc.collect()
        gc.freeze()  # what is here stays as it is, so that its pages stay shared
        ways = address(self.proxy_place), address(self.server(self.proxied)), _PORT
        with self.network.inside(self.proxy_place):
            seed, slower = self.settings.seed, self.settings.slower
            self._children.start(_PROXY, lambda orders: run_proxy(*ways, orders, seed, slower))
        self.folder.joinpath("rule.toml").write_text(self.settings.rule_text)
        for site in self._sites:
            plans = [self._plan(node) for node in self.of_sites([site])]
            self._children.start(_recorder(site), partial(run_recorders, plans))
        for node in self.nodes:
            self.start(node)

    def _plan(self, node: int) -> NodePlan:
        return NodePlan(node, self.folder, self._urls(node), self.settings)

    def _urls(self, node: int) -> tuple[str, ...]:
        home = self.settings.site(node)
        others = [site for site in range(1, self.settings.sites + 1) if site != home]
        places = [self.server(site) for site in (home, *others)]
        if home == self.proxied:
            places[0] = self.proxy_place
        return tuple(f"nats://{address(place)}:{_PORT}" for place in places)

    def _tell(self, node: int, order: dict[str, Any]) -> None:
        recorder = _recorder(self.settings.site(node))
        self._children.tell(recorder, json.dumps({"node": node, **order}).encode() + b"\n")

    def _serve(self, site: int) -> None:
        place = self.server(site)
        file = self.folder / f"server-{site}.conf"
        file.write_text(_SERVER.format(address=address(place), port=_PORT))
        with self.network.inside(place):
            self._servers.append(
                subprocess.Popen(
                    ["nats-server", "-c", file],
                    stderr=subprocess.DEVNULL,
                    env={**environment(), "GOMAXPROCS": "1"},
                    preexec_fn=begin_session,
                )
            )


def _processor_s() -> float:
    """Return the processor time of this process and of those that it has waited for, in s."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _recorder(site: int) -> str:
    return f"recorders {site}"
