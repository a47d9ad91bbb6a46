"""The identity of a device: HELLO's reply, checked."""

import struct
import warnings
from dataclasses import dataclass, replace
from functools import cached_property

from consilience.errors import AbiMismatch, NoDevice
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import (
    ABI,
    COMPONENTS_SHIFT,
    HELLO_FIELDS,
    HELLO_WORDS,
    LARGEST_PAYLOAD,
    MAGIC,
    BoardId,
    Feature,
)
from consilience_hw.spec.log_format import LogFormat

__all__ = ["BuildWarning", "Identity", "parse_hello"]

_NAMES = tuple(field.name for field in HELLO_FIELDS)
_HELLO = struct.Struct("<" + "".join({1: "I", 2: "Q"}[field.words] for field in HELLO_FIELDS))


class BuildWarning(RuntimeWarning):
    """The device was built from other sources than this host's; its link map is the same."""


@dataclass(frozen=True)
class Identity:
    """What a device says about itself, without its nonce.

    Parameters
    ----------
    version : tuple of int
        Major, minor, patch.
    build : int
        Hash of sources and parameters, u64.
    board : int
        A `BoardId`, if this host knows it.
    clock_hz : int
    format : LogFormat
    lanes : int
    hypotheses : int
        Most hypotheses; 0 without POSTERIOR.
    features : Feature
    components : int
        Most components of a monitor; 0 without MONITOR.
    payload : int
        Largest payload in bytes.
    credits : int
        Requests that may be in flight.
    """

    version: tuple[int, int, int]
    build: int
    board: int
    clock_hz: int
    format: LogFormat
    lanes: int
    hypotheses: int
    features: Feature
    components: int
    payload: int
    credits: int

    @property
    def board_name(self) -> str:
        """Name of the board in lower case, or its number."""
        return BoardId(self.board).name.lower() if self.board in set(BoardId) else f"#{self.board}"

    @cached_property
    def expected_builds(self) -> tuple[int, ...]:
        """The build hashes that this host's own sources give; none for unknown parameters.

        Two: whether the unit is the serial one, no field of HELLO tells.
        """
        try:
            config = EngineConfig(
                fmt=self.format,
                lanes=self.lanes,
                hypotheses=self.hypotheses,
                weights=Feature.WEIGHTS in self.features,
                components=self.components,
                live=Feature.LIVE in self.features,
                robust=Feature.ROBUST in self.features,
                credits=self.credits,
                largest_payload=self.payload,
                board=BoardId(self.board),
                clock_hz=self.clock_hz,
                version=self.version,
            )
        except ValueError:
            return ()
        return config.build_hash, replace(config, serial=True).build_hash

    def warn_of_other_build(self, url: str) -> None:
        """Warn if the device was not built from the sources of this host."""
        if self.build not in self.expected_builds:
            expected = " or ".join(f"{build:016x}" for build in self.expected_builds)
            warnings.warn(
                f"{url}: its build is {self.build:016x}, this host's sources give "
                f"{expected or 'none'}; "
                "rebuild the gateware or update the host software so that both are of one version",
                BuildWarning,
                stacklevel=2,
            )


def parse_hello(reply: bytes, url: str) -> tuple[Identity, int]:
    """Return the identity and the session nonce from the data of HELLO's reply.

    Parameters
    ----------
    reply : bytes
        `link_map.HELLO_FIELDS` of this ABI, or what another ABI or device answers.
    url : str
        The device, for messages.

    Raises
    ------
    NoDevice
        What answers is no device of this project, or makes no sense.
    AbiMismatch
        Another link ABI, or a number format that this host does not know.
    """
    words = [word for (word,) in struct.iter_unpack("<I", reply)]
    if words[:1] != [MAGIC]:
        raise NoDevice(f"{url}: what answers there is no consilience device; check the address")
    abi = words[1] if len(words) > 1 else 0
    if abi != ABI:
        side = "update this host's software" if abi > ABI else "rebuild the device's gateware"
        raise AbiMismatch(f"{url}: the device speaks link ABI {abi}, this host {ABI}; {side}")
    if len(words) != HELLO_WORDS:
        raise _senseless(url)
    values = dict(zip(_NAMES, _HELLO.unpack(reply), strict=True))
    try:
        fmt = LogFormat.from_identifier(values["format"])
    except ValueError:
        raise AbiMismatch(
            f"{url}: this host does not know number format {values['format']:#010x}; "
            "update this host's software"
        ) from None
    version = values["version"]
    identity = Identity(
        version=(version >> 16, version >> 8 & 0xFF, version & 0xFF),
        build=values["build"],
        board=values["board"],
        clock_hz=values["clock"],
        format=fmt,
        lanes=values["lanes"],
        hypotheses=values["hypotheses"],
        features=Feature(values["features"] & (1 << COMPONENTS_SHIFT) - 1),
        components=values["features"] >> COMPONENTS_SHIFT,
        payload=values["payload"],
        credits=values["credits"],
    )
    # What the driver's own arithmetic rests on.
    sizes = 256 <= identity.payload <= LARGEST_PAYLOAD and 1 <= identity.credits <= 128
    if not sizes or (Feature.MONITOR in identity.features) != (identity.components > 0):
        raise _senseless(url)
    return identity, values["nonce"]


def _senseless(url: str) -> NoDevice:
    return NoDevice(f"{url}: the device's identity makes no sense; reset it or program it again")
