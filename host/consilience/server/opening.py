"""Links of devices to be served, by the URLs that open the devices themselves."""

from consilience.devices.cpu import CpuDevice
from consilience.devices.opening import simulation_options, unknown_url
from consilience.link.transport import Transport
from consilience.server.endpoint import SoftwareEndpoint

__all__ = ["open_transport"]


def open_transport(url: str) -> Transport:
    """Return the link's bytes of a device; ``auto`` is not served.

    A server passes on the link of a device, not the device. URLs and errors are those of
    `devices.opening.open_device`.
    """
    if url == "cpu":
        return SoftwareEndpoint(CpuDevice())
    if url.partition("?")[0] == "sim":
        from consilience.devices.sim import simulation_transport

        return simulation_transport(*simulation_options(url))
    if url.startswith("socket:"):
        from consilience.devices.tcp import connect

        return connect(url)
    if url.startswith("serial:"):
        from consilience.devices.serial_port import SerialAddress, connect_serial

        return connect_serial(SerialAddress.of(url))
    raise unknown_url(url)
