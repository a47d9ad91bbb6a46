"""Links of devices to be served, by the URLs that open the devices themselves."""

from consilience.devices.cpu import CpuDevice
from consilience.devices.linked import open_transport
from consilience.link.transport import Transport
from consilience.server.endpoint import SoftwareEndpoint

__all__ = ["served_transport"]


def served_transport(url: str) -> Transport:
    """Return the link's bytes of a device; ``auto`` is not served.

    A server passes on the link of a device, not the device. URLs and errors are those of
    `devices.opening.open_device`.
    """
    return SoftwareEndpoint(CpuDevice()) if url == "cpu" else open_transport(url)
