"""Network namespaces without names: they live as long as who holds them, so none is left behind.

One router namespace, in it the campaign itself; every node and server in one of its own, behind a
veth pair. All packets pass the router, so that one nftables transaction is a cut.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = [
    "Missing",
    "Network",
    "address",
    "check_permitted",
    "die_with_parent",
    "environment",
    "new_time",
]

_NEWNET, _NEWTIME = 0x40000000, 0x80
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_libc = ctypes.CDLL(None, use_errno=True)
_TOOLS = ("ip", "nft", "nats-server")
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Missing(Exception):
    """What the campaign needs is not here; the message says what."""


def check_permitted() -> None:
    """Raise Missing unless namespaces may be made here and the tools are installed."""
    for tool in _TOOLS:
        if shutil.which(tool, path=_PATH) is None:
            raise Missing(
                f"{tool} is not installed; Debian: apt install iproute2 nftables nats-server"
            )
    script = "ip link set lo up && ip link add v0 type veth peer name v1 && nft add table inet t"
    tried = subprocess.run(
        ["unshare", "--net", "sh", "-c", script], capture_output=True, text=True, env=environment()
    )
    if tried.returncode:
        raise Missing(f"network namespaces are not permitted here: {tried.stderr.strip()}")


def address(place: int, router: bool = False) -> str:
    """Return the address of a place, 1 .. 4095, or that of its side of the router."""
    return f"10.88.{place >> 7}.{(place & 127) * 2 + (not router)}"


def die_with_parent() -> None:
    """Let the kernel kill this process when the one that started it is gone."""
    _call("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def new_time(offset_s: int) -> None:
    """Give children of this process monotonic clocks that are `offset_s` ahead."""
    _call("unshare", _NEWTIME)
    text = f"monotonic {offset_s} 0\nboottime {offset_s} 0\n"
    Path("/proc/self/timens_offsets").write_text(text)


class Network:
    """The router and its places. The calling process moves into the router's namespace.

    Parameters
    ----------
    places : int
        Namespaces 1 .. places.
    """

    def __init__(self, places: int) -> None:
        _call("unshare", _NEWNET)
        self._router = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._places: dict[int, int] = {}
        self._down: list[int] = []
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        _ip(["link set lo up"])
        _nft("add table inet cut\nadd chain inet cut f { type filter hook forward priority 0; }\n")
        for place in range(1, places + 1):
            self._add(place)
        lines = []
        for place in range(1, places + 1):
            lines += [f"addr add {address(place, True)}/31 dev r{place}", f"link set r{place} up"]
        _ip(lines)

    @contextmanager
    def inside(self, place: int) -> Iterator[None]:
        """Be in a place; what is started there stays there."""
        _call("setns", self._places[place], _NEWNET)
        try:
            yield
        finally:
            _call("setns", self._router, _NEWNET)

    def cut(self, pairs: Iterable[tuple[Iterable[int], Iterable[int]]]) -> None:
        """Drop, in one step, all packets from the places of a pair's first to its second."""
        rules = ["flush chain inet cut f"]
        for sources, targets in pairs:
            one, other = _set(sources), _set(targets)
            rules.append(f"add rule inet cut f ip saddr {one} ip daddr {other} drop")
        _nft("\n".join(rules) + "\n")

    def unplug(self, places: Iterable[int]) -> None:
        """Take links down."""
        self._down = list(places)
        _ip([f"link set r{place} down" for place in self._down])

    def heal(self) -> None:
        """Let everything pass again."""
        _nft("flush chain inet cut f\n")
        _ip([f"link set r{place} up" for place in self._down])
        self._down = []

    def close(self) -> None:
        """Let go of all namespaces; with the last process inside they are gone."""
        for file in [*self._places.values(), self._router]:
            os.close(file)

    def _add(self, place: int) -> None:
        _call("unshare", _NEWNET)
        self._places[place] = os.open("/proc/self/ns/net", os.O_RDONLY)
        router = f"/proc/{os.getpid()}/fd/{self._router}"
        _ip(
            [
                "link set lo up",
                f"link add eth0 type veth peer name r{place} netns {router}",
                f"addr add {address(place)}/31 dev eth0",
                "link set eth0 up",
                f"route add default via {address(place, True)}",
            ]
        )
        _call("setns", self._router, _NEWNET)


def _set(places: Iterable[int]) -> str:
    return "{ " + ", ".join(address(place) for place in places) + " }"


def environment() -> dict[str, str]:
    """Return the environment with the folders of system tools in its path."""
    return {**os.environ, "PATH": _PATH}


def _ip(lines: list[str]) -> None:
    if lines:
        _run(["ip", "-batch", "-"], "\n".join(lines) + "\n")


def _nft(rules: str) -> None:
    _run(["nft", "-f", "-"], rules)


def _run(command: list[str], text: str) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment())
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
