"""Devices by the names they were configured with: checked against the pinned digest, and timed."""

import time
from collections import Counter
from threading import Lock
from typing import Any

import numpy as np

from consilience.closing import Closes
from consilience.devices.device import Device
from consilience.devices.opening import open_device
from consilience.distributed.nats_address import shown_address
from consilience.errors import ConsilienceError, LinkError, Mismatch, NoDevice
from consilience.service.access.redaction import redacted
from consilience.validate.one_device import claims_of_device, tested_claims
from consilience_sim.reference.vectors import SHORT, SHORT_DIGEST, results_digest, vector_set

__all__ = ["BackendBusy", "Backends", "UnknownBackend"]

_WAIT_S = 20.0
_LEAST_S = 0.3
_MOST_CODES = 1 << 24


class UnknownBackend(ConsilienceError):
    """No device was configured under this name."""


class BackendBusy(ConsilienceError):
    """Another request has the device."""


class _Backend:
    """One device, opened when it is first asked for, and again after it failed."""

    def __init__(self, url: str) -> None:
        self.url, self.turn = url, Lock()
        self.device: Device | None = None

    def opened(self) -> Device:
        if self.device is None:
            self.device = open_device(self.url)
        return self.device

    def forget(self) -> None:
        if self.device is not None:
            self.device.close()
        self.device = None


class Backends(Closes):
    """The devices of a service. Each request has one alone; none is ever taken for another.

    Parameters
    ----------
    urls : dict of str to str
        By name.
    """

    def __init__(self, urls: dict[str, str]) -> None:
        self._backends = {name: _Backend(url) for name, url in urls.items()}
        self.requests = {name: Counter(ok=0, mismatch=0, failed=0) for name in urls}
        """Requests by what came of them, by the names of devices."""
        self.counters: dict[str, dict[str, int]] = {}
        """The counters of each device after its last request; from zero after it failed."""
        self._said: dict[str, dict[str, Any]] = {}

    @property
    def names(self) -> list[str]:
        """The names, as they were given."""
        return list(self._backends)

    def view(self) -> list[dict[str, Any]]:
        """Return the devices as the API gives them: what each said when it was last asked."""
        return [
            {
                "name": name,
                "url": shown_address(one.url),
                "state": "not asked",
                "reason": None,
                "asked_ms": None,
                **self._said.get(name, {}),
                "requests": dict(self.requests[name]),
                "counters": dict(self.counters.get(name, {})),
            }
            for name, one in self._backends.items()
        ]

    def validate(self, name: str, claims: str | None = None) -> dict[str, Any]:
        """Sum the fixed set of packets, and test more claims if asked; return what was found.

        Parameters
        ----------
        name : str
        claims : str, optional
            ``all``, or beginnings of the names of claims, with commas between them: those of
            `consilience validate --quick` that are of a device.

        Raises
        ------
        UnknownBackend, BackendBusy
        BadInput
            No claim has such a name.
        NoDevice
            It is not there, or went away while it was at work; the next call looks for it anew.
        Mismatch
            The results are not those that all implementations share, or a claim fails.
        """
        wanted = claims_of_device(name, claims) if claims else []

        def tested(device: Device) -> dict[str, Any]:
            found = _validated(name, device)
            return {**found, "claims": tested_claims(wanted, name, device)} if claims else found

        return self._asked(name, tested)

    def benchmark(self, name: str) -> dict[str, Any]:
        """Time the sum of codes in growing packets, after the check of `validate`."""

        def timed(device: Device) -> dict[str, Any]:
            return {**_validated(name, device), **_timed(device)}

        return self._asked(name, timed)

    def close(self) -> None:
        """Close the devices that were opened."""
        for one in self._backends.values():
            with one.turn:
                one.forget()

    def _asked(self, name: str, work: Any) -> dict[str, Any]:
        backend = self._backends.get(name)
        if backend is None:
            known = ", ".join(self._backends) or "none: start with --device NAME=URL"
            raise UnknownBackend(f"backend {name!r} was not configured; there is {known}")
        if not backend.turn.acquire(timeout=_WAIT_S):
            raise BackendBusy(f"backend {name!r} is at work for another; ask again in a minute")
        try:
            device = backend.opened()
            said = self._said[name] = {**self._said.get(name, {}), **_identity(device)}
            found: dict[str, Any] = work(device)
            self.counters[name] = dict(device.info.counters)
            self.requests[name]["ok"] += 1
            said |= {"state": "agrees", "reason": None, "digest": found["digest"]}
            return found
        except ConsilienceError as error:
            state = "mismatch" if isinstance(error, Mismatch) else "failed"
            self.requests[name][state] += 1
            said = {**self._said.get(name, {}), "state": state, "reason": redacted(str(error))}
            self._said[name] = {**said, "digest": None}
            if state == "failed":
                backend.forget()  # the next request opens it anew
            if isinstance(error, NoDevice | LinkError):  # gone, or gone while it was at work
                raise NoDevice(f"backend {name!r}: {error}") from None
            raise
        finally:
            self._said.setdefault(name, {})["asked_ms"] = time.time_ns() // 1_000_000
            backend.turn.release()


def _identity(device: Device) -> dict[str, Any]:
    """Return what a device says that it is."""
    info = device.info
    return {
        "board": info.board,
        "version": info.version,
        "build": info.build,
        "clock_hz": info.clock_hz,
        "lanes": info.lanes,
    }


def _validated(name: str, device: Device) -> dict[str, Any]:
    codes, offsets = vector_set()
    offsets = offsets[: SHORT + 1]
    begun = time.perf_counter()
    results, status = device.reduce_with_status(codes[: offsets[-1]], offsets)
    seconds = time.perf_counter() - begun
    digest = results_digest(results, status)
    if digest != SHORT_DIGEST:
        raise Mismatch(
            f"backend {name!r}: {SHORT:,} packets have the digest {digest[:16]}, all "
            f"implementations share {SHORT_DIGEST[:16]}; take it out of service, and run "
            "`consilience doctor`"
        )
    return {
        "backend": name,
        "device": device.info.board,
        "packets": SHORT,
        "seconds": round(seconds, 6),
        "digest": digest,
        "agrees": True,
    }


def _timed(device: Device) -> dict[str, Any]:
    """Return how many codes a second are summed: of the first size that takes a while."""
    codes, _ = vector_set()
    count = 1 << 12
    while True:
        many = np.resize(codes, count)
        begun = time.perf_counter()
        device.reduce(many)
        seconds = time.perf_counter() - begun
        if seconds >= _LEAST_S or count >= _MOST_CODES:
            return {
                "codes": count,
                "reduce_seconds": round(seconds, 6),
                "codes_per_second": round(count / seconds),
            }
        count *= 4
