"""A simulated device on Ethernet: frames in, frames out."""

import ctypes
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from consilience_hw.ethernet.ethernet_engine import EthernetEngine
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.network import NETWORK_CLOCK_HZ, NetworkAddress, PacketDrop
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import unit_design
from consilience_sim.compiled.library import library_of
from consilience_sim.compiled.native import HANDLE, NativeSimulation
from consilience_sim.ethernet.gmii import Symbols, frame_of, symbols_of, with_fcs

__all__ = ["HARNESS", "EthernetSimulation", "simulated_board"]

HARNESS = Path(__file__).with_name("ethernet_harness.cc")
"""The C++ around the device."""

_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "simulation_open": (HANDLE, [ctypes.c_uint64] * 3),
    "simulation_close": (None, [HANDLE]),
    "simulation_reset": (None, [HANDLE, ctypes.c_uint32]),
    "simulation_send": (None, [HANDLE, ctypes.c_void_p, ctypes.c_size_t]),
    "simulation_receive": (
        ctypes.c_void_p,
        [HANDLE, ctypes.c_uint64, ctypes.POINTER(ctypes.c_size_t)],
    ),
    "simulation_quiet": (ctypes.c_uint64, [HANDLE]),
    "simulation_gap": (ctypes.c_uint64, [HANDLE]),
    "simulation_drops": (ctypes.c_uint64, [HANDLE, ctypes.c_uint]),
    "simulation_time": (ctypes.c_uint64, [HANDLE]),
    "simulation_cycles": (ctypes.c_uint64, [HANDLE]),
}
"""Result and arguments of what `ethernet_harness.cc` exports."""

_PICOSECONDS = 10**12


class EthernetSimulation(NativeSimulation):
    """Gateware at its GMII pins, simulated cycle by cycle in compiled code.

    Speed: some 0.5 million cycles per second with an engine of one lane.

    Parameters
    ----------
    design : Design
        A component with the members of `EthernetEngine`.
    name : str
        What it is, for messages.
    clock_hz : int
        Clock of its domain ``sync``.
    entropy : int
        What an engine samples for its session nonce: 32 bits, another at each start.
    receive_ppm, transmit_ppm : int
        Parts in 10^6 by which the clocks of the PHY are fast. With 0 their edges come at once,
        which takes half the time to simulate.

    Raises
    ------
    CompilerMissing, BuildFailed
    ValueError
        From any use after `close`.
    """

    def __init__(
        self,
        design: Design,
        name: str,
        *,
        clock_hz: int,
        entropy: int = 0,
        receive_ppm: int = 0,
        transmit_ppm: int = 0,
    ) -> None:
        network = _PICOSECONDS // NETWORK_CLOCK_HZ
        periods = (
            network - network * receive_ppm // 10**6,
            network - network * transmit_ppm // 10**6,
            _PICOSECONDS // clock_hz,
        )
        super().__init__(library_of(design, HARNESS, name), _PROTOTYPES, *periods)
        self.reset(entropy)

    def reset(self, entropy: int) -> None:
        """Reset the device, whatever it is doing; drop what is queued, and forget its drops."""
        with self._open():
            self._native.simulation_reset(self._handle, entropy)

    def send(self, frame: bytes) -> None:
        """Queue a frame, from its destination on, without its frame check sequence."""
        self.send_symbols(symbols_of(with_fcs(frame)))

    def send_symbols(self, symbols: Symbols) -> None:
        """Queue symbols of GMII, whatever they are. They go in while `receive` runs the clocks."""
        queued = np.ascontiguousarray(symbols, np.uint16)
        with self._open():
            self._native.simulation_send(self._handle, queued.ctypes.data, len(queued))

    def receive(self, seconds: float) -> bytes | None:
        """Run the clocks until a frame has left, and return it without its frame check sequence.

        Parameters
        ----------
        seconds : float
            Longest time to run, in that of the simulation.

        Returns
        -------
        bytes or None
            None: none has left in that time.

        Raises
        ------
        BadFrame
            What left is no frame.
        """
        count = ctypes.c_size_t()
        with self._open():
            start = self._native.simulation_receive(
                self._handle, round(seconds * _PICOSECONDS), ctypes.byref(count)
            )
            if not start:
                return None
            symbols = np.frombuffer(ctypes.string_at(start, 2 * count.value), np.uint16)
        return frame_of(symbols)

    @property
    def quiet_cycles(self) -> int:
        """Cycles of the engine since anything happened: 0 while symbols wait or it is busy."""
        return self._number(self._native.simulation_quiet)

    @property
    def gap(self) -> int:
        """Byte times between the frame that left last and the one before."""
        return self._number(self._native.simulation_gap)

    @property
    def seconds(self) -> float:
        """Time simulated so far."""
        return self._number(self._native.simulation_time) / _PICOSECONDS

    @property
    def drops(self) -> dict[PacketDrop, int]:
        """Frames dropped since the reset, by reason; those with none are left out."""
        with self._open():
            counts = {
                reason: int(self._native.simulation_drops(self._handle, reason))
                for reason in PacketDrop
            }
        return {reason: count for reason, count in counts.items() if count}


def simulated_board(
    config: EngineConfig, address: NetworkAddress, *, entropy: int
) -> EthernetSimulation:
    """Return a simulated engine behind Ethernet; the first time it is compiled.

    Parameters
    ----------
    config : EngineConfig
        The engine; it runs at `config.clock_hz`.
    address : NetworkAddress
    entropy : int
        See `EthernetSimulation`.
    """
    design = unit_design(
        f"EthernetEngine({config}, {address})", partial(EthernetEngine, config, address)
    )
    return EthernetSimulation(
        design, "device on Ethernet", clock_hz=config.clock_hz, entropy=entropy
    )
