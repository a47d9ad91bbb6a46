"""What is done to the cluster: each begins, lasts, and is ended."""

import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.campaigns.partition.cluster import Cluster

__all__ = ["NEMESES", "PROXIED", "Nemesis"]

PROXIED = 4
"""The site whose nodes reach their own server through the proxy."""
_REBOOT_S = 123_456
_BETWEEN_S = 0.06
"""Between two starts: a crowd of them is a burden on the processors, not on the network."""
_DOWN_S = 3


@dataclass(frozen=True)
class Nemesis:
    """One kind of trouble.

    Parameters
    ----------
    name, what : str
        For the table and its legend.
    begin, end : callable
    whole : bool
        Read 300 times and more at each node, not 100 times.
    ages : bool
        Some node must hear nothing of some shard all the time: that it did is checked.
    """

    name: str
    what: str
    begin: Callable[[Cluster], None]
    end: Callable[[Cluster], None]
    whole: bool = False
    ages: bool = True


def _third(cluster: Cluster) -> list[int]:
    """Return every third node, of all sites."""
    return list(cluster.nodes)[2::3]


def _places(cluster: Cluster, sites: Iterable[int]) -> list[int]:
    """Return the nodes and servers of sites, and the proxy if it is theirs."""
    chosen = list(sites)
    places = cluster.of_sites(chosen) + [cluster.server(site) for site in chosen]
    return places + ([cluster.proxy_place] if cluster.proxied in chosen else [])


def _sites(cluster: Cluster) -> range:
    return range(1, cluster.settings.sites + 1)


def _both(one: list[int], other: list[int]) -> list[tuple[list[int], list[int]]]:
    return [(one, other), (other, one)]


def _heal(cluster: Cluster) -> None:
    cluster.network.heal()


def _cut_third(cluster: Cluster) -> None:
    victims = _third(cluster)
    servers = [cluster.server(site) for site in _sites(cluster)] + [cluster.proxy_place]
    cluster.network.cut(_both(victims, servers))


def _minority(cluster: Cluster) -> tuple[list[int], list[int]]:
    """Return the places of the first third of the sites, and the others."""
    sites = list(_sites(cluster))
    third = len(sites) // 3
    return _places(cluster, sites[:third]), _places(cluster, sites[third:])


def _cut_minority(cluster: Cluster) -> None:
    cluster.network.cut(_both(*_minority(cluster)))


def _cut_packets_one_way(cluster: Cluster) -> None:
    cluster.network.cut([_minority(cluster)])


def _cut_nodes_one_way(cluster: Cluster) -> None:
    minority, others = _minority(cluster)
    nodes = [place for place in minority if place in cluster.nodes]
    servers = [place for place in others if place not in cluster.nodes]
    cluster.network.cut(_both(nodes, servers))


def _ring(cluster: Cluster) -> None:
    sites, pairs = list(_sites(cluster)), []
    for one in sites:
        far = [other for other in sites if (one - other) % len(sites) not in (0, 1, len(sites) - 1)]
        if far:
            pairs.append((_places(cluster, [one]), _places(cluster, far)))
    cluster.network.cut(pairs)


def _bridge(cluster: Cluster) -> None:
    sites = list(_sites(cluster))
    middle = len(sites) // 2
    cluster.network.cut(
        _both(_places(cluster, sites[:middle]), _places(cluster, sites[middle + 1 :]))
    )


def _unplug(cluster: Cluster) -> None:
    cluster.network.unplug(_third(cluster))


def _stop(cluster: Cluster) -> None:
    cluster.signal(_third(cluster), signal.SIGSTOP)


def _go_on(cluster: Cluster) -> None:
    for node in _third(cluster):
        cluster.signal([node], signal.SIGCONT)
        _between(cluster)


def _kill(cluster: Cluster) -> None:
    cluster.signal(_third(cluster), signal.SIGKILL)
    time.sleep(_DOWN_S * cluster.settings.slower)
    for node in _third(cluster):
        cluster.start(node)
        _between(cluster)


def _nothing(cluster: Cluster) -> None:
    """It is over by itself."""


def _jump(cluster: Cluster) -> None:
    """Kill the minority and start it at once with other clocks, cut off from the rest."""
    _cut_minority(cluster)
    victims = [place for place in _minority(cluster)[0] if place in cluster.nodes]
    cluster.signal(victims, signal.SIGKILL)
    little = cluster.settings.max_age_ms // 1000 - 1
    for node in victims:
        _between(cluster)
        cluster.start(node, _REBOOT_S if node % 2 else little)


def _between(cluster: Cluster) -> None:
    time.sleep(_BETWEEN_S * cluster.settings.slower)


def _disturb(cluster: Cluster) -> None:
    cluster.proxy(True)


def _calm(cluster: Cluster) -> None:
    cluster.proxy(False)


NEMESES = (
    Nemesis("third cut", "every third node cut off from all servers", _cut_third, _heal, True),
    Nemesis(
        "minority third",
        "a third of the sites, with their servers, cut off from the others",
        _cut_minority,
        _heal,
        True,
    ),
    Nemesis(
        "one way, packets",
        "no packet gets from a third of the sites to the others",
        _cut_packets_one_way,
        _heal,
    ),
    Nemesis(
        "one way, nodes",
        "nodes of a third of the sites reach no other site's server, the others reach all",
        _cut_nodes_one_way,
        _heal,
        ages=False,
    ),
    Nemesis("ring", "each site reaches its two neighbours only", _ring, _heal),
    Nemesis("bridge", "two halves that only the site between them reaches", _bridge, _heal),
    Nemesis("link down", "the links of every third node are down", _unplug, _heal),
    Nemesis(
        "SIGSTOP", "every third node is stopped; they go on one after the other", _stop, _go_on
    ),
    Nemesis(
        "kill -9",
        "every third node is killed, and started again, one after the other",
        _kill,
        _nothing,
        ages=False,
    ),
    Nemesis(
        "clock jump",
        "a third of the sites, cut off, is killed and started with clocks ahead: 34 h, or "
        "just less than the greatest age",
        _jump,
        _heal,
    ),
    Nemesis(
        "proxy",
        "messages to and from a site are repeated, reordered, and late by up to half the age "
        "that loses no weight",
        _disturb,
        _calm,
        ages=False,
    ),
)
