"""The parameters of an engine, checked together, and the identity derived from them."""

import hashlib
import operator
from dataclasses import dataclass, fields
from functools import cached_property, reduce
from pathlib import Path

from .link_map import (
    ABI,
    COMPONENTS_SHIFT,
    HELLO_FIELDS,
    LARGEST_PAYLOAD,
    MAGIC,
    MOST_CREDITS,
    BoardId,
    Feature,
    FrameType,
)
from .log_format import Q16_16, LogFormat
from .monitor_format import MAX_COMPONENTS

__all__ = ["EngineConfig"]

UART_PAYLOAD = 1024
"""Largest payload on a UART, where buffers of twice the memory would gain nothing."""

_NUMBERS = ("lanes", "hypotheses", "components", "credits", "largest_payload", "clock_hz")


@dataclass(frozen=True)
class EngineConfig:
    """The parameters of an `engine.Engine`.

    Parameters
    ----------
    fmt : LogFormat
        Number format; codes travel as sign-extended 32-bit words.
    lanes : int
        Codes taken per cycle by REDUCE, 1..64.
    hypotheses : int
        Most hypotheses of POSTERIOR, 2..16; 0 leaves it out.
    weights : bool
        POSTERIOR's rows may carry weights.
    components : int
        Most components of MONITOR, 1..16; 0 leaves it out.
    live, robust : bool
        Whether there are LIVE and ROBUST.
    serial : bool
        One packet of codes at a time, with a serial log2 (`SerialLogSumExp`): for devices that
        cannot hold the pipelined one.
    credits : int
        Requests in flight, and replies kept: a power of two in 2..128.
    largest_payload : int
        Bytes, a multiple of 4 in 256..1408.
    board : BoardId
        The board, or the simulation, that it runs on.
    clock_hz : int
        Clock of the engine.
    version : tuple of int
        Of the gateware: major, minor, patch, each 0..255.
    """

    fmt: LogFormat = Q16_16
    lanes: int = 1
    hypotheses: int = 16
    weights: bool = True
    components: int = 0
    live: bool = False
    robust: bool = False
    serial: bool = False
    credits: int = 4
    largest_payload: int = UART_PAYLOAD
    board: BoardId = BoardId.SIMULATION
    clock_hz: int = 100_000_000
    version: tuple[int, int, int] = (0, 2, 0)

    def __post_init__(self) -> None:
        for name in _NUMBERS:
            object.__setattr__(self, name, operator.index(getattr(self, name)))
        for name in ("live", "robust"):
            if getattr(self, name) not in (False, True):
                raise ValueError(f"{name} must be 0 or 1, not {getattr(self, name)}")
            object.__setattr__(self, name, bool(getattr(self, name)))
        if not 1 <= self.lanes <= 64:
            raise ValueError(f"lanes must be in 1..64, not {self.lanes}")
        if self.hypotheses != 0 and not 2 <= self.hypotheses <= 16:
            raise ValueError(
                f"hypotheses must be in 2..16, or 0 for no POSTERIOR, not {self.hypotheses}"
            )
        if self.weights and not self.hypotheses:
            raise ValueError("weights=True needs hypotheses: set weights=False or hypotheses=2..16")
        if not 0 <= self.components <= MAX_COMPONENTS:
            raise ValueError(
                f"components must be in 1..{MAX_COMPONENTS}, or 0 for no MONITOR, "
                f"not {self.components}"
            )
        if not 2 <= self.credits <= MOST_CREDITS or self.credits & (self.credits - 1):
            raise ValueError(
                f"credits must be a power of two in 2..{MOST_CREDITS}, not {self.credits}"
            )
        if not 256 <= self.largest_payload <= LARGEST_PAYLOAD or self.largest_payload % 4:
            raise ValueError(
                f"largest_payload must be a multiple of 4 in 256..{LARGEST_PAYLOAD}, "
                f"not {self.largest_payload}"
            )
        if not 1 <= self.clock_hz < 1 << 32:
            raise ValueError(f"clock_hz must be in 1..2**32 - 1, not {self.clock_hz}")
        if len(self.version) != 3 or not all(0 <= part <= 255 for part in self.version):
            raise ValueError(f"version must be three numbers in 0..255, not {self.version}")

    @property
    def features(self) -> Feature:
        """Feature flags of the reply to HELLO."""
        has = {
            Feature.POSTERIOR: self.hypotheses,
            Feature.WEIGHTS: self.weights,
            Feature.MONITOR: self.components,
            Feature.LIVE: self.live,
            Feature.ROBUST: self.robust,
        }
        return reduce(operator.or_, (one for one, there in has.items() if there), Feature(0))

    @property
    def units(self) -> tuple[FrameType, ...]:
        """The messages for which there are units beside the log sum."""
        has = {
            FrameType.MONITOR: self.components,
            FrameType.LIVE: self.live,
            FrameType.ROBUST: self.robust,
        }
        return tuple(one for one, there in has.items() if there)

    @cached_property
    def build_hash(self) -> int:
        """u64 from the SHA-256 of the sources of `consilience_hw` and of these parameters.

        It is the same in every folder and on every operating system: the digest takes relative
        names, and contents with line ends of one kind.
        """
        digest = hashlib.sha256()
        package = Path(__file__).parents[1]
        sources = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
        for name in sorted(sources):
            content = sources[name].read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, LogFormat):
                value = value.identifier
            elif isinstance(value, (int, bool)):
                value = int(value)
            digest.update(f"{field.name}={value}\n".encode())
        return int.from_bytes(digest.digest()[:8], "little")

    def hello_words(self, nonce: int) -> list[int]:
        """Return the data of the reply to HELLO, `link_map.HELLO_FIELDS`, as u32 words."""
        major, minor, patch = self.version
        values = {
            "magic": MAGIC,
            "abi": ABI,
            "version": major << 16 | minor << 8 | patch,
            "build": self.build_hash,
            "board": int(self.board),
            "clock": self.clock_hz,
            "format": self.fmt.identifier,
            "lanes": self.lanes,
            "hypotheses": self.hypotheses,
            "features": int(self.features) | self.components << COMPONENTS_SHIFT,
            "payload": self.largest_payload,
            "credits": self.credits,
            "nonce": nonce,
        }
        return [
            values[field.name] >> 32 * word & 0xFFFF_FFFF
            for field in HELLO_FIELDS
            for word in range(field.words)
        ]
