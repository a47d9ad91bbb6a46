"""A hundred nodes and their servers, started, told, stopped, killed and started again.

Nodes are forked from one process that has everything imported: a start takes milliseconds, and
their memory is shared until they write to it. Each is a process of its own from then on.
"""

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.reads.read_node import FusionRule, ReadNode
from consilience.staleness.discount import Discount
from consilience.staleness.shard_arrays import ShardArrays
from consilience_hw.log_format import Q16_16

from tests.partition.namespaces import Network, address, die_with_parent, new_time
from tests.partition.node_process import DEADLINE_NS, NodePlan, Recorder, run_node
from tests.partition.proxy import run_proxy

__all__ = ["STAGGER", "Cluster", "Settings"]

STAGGER = 16
"""Nodes read at so many different moments of the spacing: node n at n mod 16 of 16."""
_PORT = 4222
_PRIORITY = -15
_SERVER = """\
listen: "{address}:4222"
ping_interval: "3s"
ping_max: 1
write_deadline: "2s"
"""


@dataclass(frozen=True)
class Settings:
    """Size and rule of a cluster.

    Parameters
    ----------
    nodes, sites : int
    enrolled : int
        Reporters of each shard.
    faulty_share : int
        f is the number of all reporters divided by this.
    """

    nodes: int
    sites: int
    enrolled: int = 24
    faulty_share: int = 10
    changes_per_s: int = 1
    clip: int = 131_072
    grace_ms: int = 3_000
    half_life_ms: int = 2_000
    max_age_ms: int = 8_000
    period_s: float = 2.0
    burst_s: float = 1.0
    pace_s: float = 2.0
    seed: int = 1

    @property
    def rule(self) -> FusionRule:
        enrolled = [self.enrolled] * self.nodes
        discount = Discount(self.grace_ms, self.half_life_ms, self.max_age_ms)
        arrays = ShardArrays(enrolled, self.changes_per_s, discount, self.clip)
        return FusionRule(arrays, sum(enrolled) // self.faulty_share)

    def site(self, node: int) -> int:
        """Return the site of a node, 1 .. sites: equal shares, in order."""
        return (node - 1) * self.sites // self.nodes + 1


class Cluster:
    """Everything of one run. Leaving the context ends every process.

    Places of the network: nodes 1 .. n, then the servers, then the proxy.

    Parameters
    ----------
    settings : Settings
    folder : Path
        Histories and ledgers; a new one for each run.
    make : type
        The class of the nodes: a planted fault is another one.
    proxied : int
        A site whose nodes reach their own server through the proxy; 0: none.
    """

    def __init__(
        self, settings: Settings, folder: Path, make: type[ReadNode] = ReadNode, proxied: int = 0
    ) -> None:
        self.settings, self.folder, self._make, self.proxied = settings, folder, make, proxied
        folder.mkdir(parents=True)
        self._ledgers = folder / "ledgers"
        self.recorder = Recorder(folder / "campaign.jsonl")
        self.note("settings", deadline=DEADLINE_NS, format=Q16_16.identifier, **vars(settings))
        self._network = Network(settings.nodes + settings.sites + 1)
        self._pids: dict[int, int] = {}
        self._orders: dict[int, int] = {}
        self._helpers: list[int] = []
        self._servers: list[subprocess.Popen[bytes]] = []
        self._proxy = -1
        self._offsets: dict[int, int] = {}
        self._plans: list[tuple[int, int, int]] = []
        self._producing = False

    @property
    def network(self) -> Network:
        return self._network

    @property
    def nodes(self) -> range:
        return range(1, self.settings.nodes + 1)

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
        # A deadline of 100 ms is to test the nodes, not what else this machine has to do.
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
        for site in range(1, self.settings.sites + 1):
            self._serve(site)
        time.sleep(0.5)
        gc.collect()
        gc.freeze()
        if self.proxied:
            self._start_proxy()
        for node in self.nodes:
            self.start(node)
        return self

    def __exit__(self, *_: object) -> None:
        for pid in [*self._pids.values(), *self._helpers]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        for server in self._servers:
            server.kill()
            server.wait()
        for file in [*self._orders.values(), self._proxy]:
            if file >= 0:
                os.close(file)
        self._network.close()

    def start(self, node: int, offset_s: int = 0) -> None:
        """Start a node, or start it again; with clocks that are ahead if wanted."""
        reading, writing = os.pipe()
        plan = NodePlan(
            node,
            self.folder,
            self._urls(node),
            self.settings.period_s,
            self.settings.enrolled,
            self.settings.burst_s,
            self.settings.pace_s,
            self.settings.seed,
            offset_s * 10**9,
            reading,
            self._reads_of(node),
        )
        with self._network.inside(node):
            self._pids[node] = self._fork(
                lambda: run_node(plan, self.settings.rule, self._make), reading, offset_s
            )
        os.close(reading)
        if node in self._orders:
            os.close(self._orders[node])
        self._orders[node] = writing
        if self._producing:
            self._tell(node, {"produce": True})

    def produce(self, on: bool) -> None:
        """Let the producers send frames, or stop after the one under way."""
        self._producing = on
        self.note("produce", on=on)
        for node in self.nodes:
            self._tell(node, {"produce": on})

    def read(self, *plans: tuple[int, int, int]) -> None:
        """Let every node read by plans of (first, count, spacing), in ns; earlier ones are over."""
        self._plans = list(plans)
        for first, count, spacing in plans:
            self.note("reads", first=first, count=count, spacing=spacing, stagger=STAGGER)
        for node in self.nodes:
            self._tell(node, {"reads": self._reads_of(node)})

    def signal(self, nodes: Iterable[int], number: signal.Signals) -> None:
        """Send a signal to nodes; the killed ones are waited for."""
        victims = list(nodes)
        self.note("signal", signal=number.name, nodes=victims)
        for node in victims:
            os.kill(self._pids[node], number)
        self.note("signalled", signal=number.name, nodes=victims)
        if number == signal.SIGKILL:
            for node in victims:
                self._reap(self._pids.pop(node))

    def proxy(self, on: bool) -> None:
        """Let the proxy repeat and reorder, or pass everything on."""
        os.write(self._proxy, b"1" if on else b"0")

    def leave(self) -> None:
        """Let all nodes write what they heard, and wait for their ends."""
        for node in self.nodes:
            self._tell(node, {"leave": True})
        for pid in self._pids.values():
            self._reap(pid)
        self._pids.clear()

    def note(self, kind: str, **fields: Any) -> None:
        """Write a line into the campaign's history."""
        self.recorder.note(kind, **fields)

    def lives(self, node: int) -> int:
        """Return how often a node has said in its history that it is there."""
        path = self.folder / f"node-{node:03}.jsonl"
        if not path.exists():
            return 0
        return path.read_bytes().count(b'{"type":"start"')

    def memory_mb(self) -> float:
        """Return the mean memory of a node, shared pages divided among those who share them."""
        sizes = []
        for pid in self._pids.values():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            sizes.append(int(text.split("Pss:")[1].split()[0]) / 1024)
        return sum(sizes) / len(sizes)

    @staticmethod
    def _reap(pid: int) -> None:
        """Wait for the end of a node; those in another time are waited for by who made it."""
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            while Path(f"/proc/{pid}").exists():
                time.sleep(0.01)

    def _urls(self, node: int) -> tuple[str, ...]:
        home = self.settings.site(node)
        others = [site for site in range(1, self.settings.sites + 1) if site != home]
        places = [self.server(site) for site in (home, *others)]
        if home == self.proxied:
            places[0] = self.proxy_place
        return tuple(f"nats://{address(place)}:{_PORT}" for place in places)

    def _reads_of(self, node: int) -> list[tuple[int, int, int]]:
        return [
            (first + spacing * (node % STAGGER) // STAGGER, count, spacing)
            for first, count, spacing in self._plans
        ]

    def _tell(self, node: int, order: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # it is dead; the history says so
            os.write(self._orders[node], json.dumps(order).encode() + b"\n")

    def _serve(self, site: int) -> None:
        place = self.server(site)
        file = self.folder / f"server-{site}.conf"
        file.write_text(_SERVER.format(address=address(place)))
        path = f"{os.environ.get('PATH', '')}:/usr/sbin"
        with self._network.inside(place):
            self._servers.append(
                subprocess.Popen(
                    ["nats-server", "-c", file],
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "PATH": path, "GOMAXPROCS": "1"},
                    preexec_fn=die_with_parent,
                    start_new_session=True,
                )
            )

    def _start_proxy(self) -> None:
        reading, self._proxy = os.pipe()
        ways = address(self.proxy_place), address(self.server(self.proxied)), _PORT
        with self._network.inside(self.proxy_place):
            self._helpers.append(
                self._fork(lambda: run_proxy(*ways, reading, self.settings.seed), reading, 0)
            )
        os.close(reading)

    def _fork(self, run: Any, kept: int, offset_s: int) -> int:
        """Return the id of a child that runs `run` and ends."""
        if offset_s:
            return self._fork_in_other_time(run, kept, offset_s)
        pid = os.fork()
        if pid == 0:
            self._be_child(run, kept)
        return pid

    def _be_child(self, run: Any, kept: int) -> None:
        try:
            die_with_parent()
            # Away from the terminal's Ctrl-C: the campaign ends its children. Linux also shares the
            # processors out by session: a node is to have a share of its own, of that priority.
            os.setsid()
            with contextlib.suppress(OSError):
                Path("/proc/self/autogroup").write_text(str(_PRIORITY))
            for file in [*self._orders.values(), self._proxy]:
                if file >= 0 and file != kept:
                    os.close(file)
            run()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(1)

    def _fork_in_other_time(self, run: Any, kept: int, offset_s: int) -> int:
        """A time namespace holds for children only: a process in between makes it and waits."""
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            die_with_parent()
            os.setsid()
            new_time(offset_s)
            pid = os.fork()
            if pid == 0:
                os.close(writing)
                self._be_child(run, kept)
            os.write(writing, str(pid).encode())
            os.close(writing)
            os.waitpid(pid, 0)
            os._exit(0)
        os.close(writing)
        pid = int(os.read(reading, 20))
        os.close(reading)
        self._helpers.append(between)
        return pid
