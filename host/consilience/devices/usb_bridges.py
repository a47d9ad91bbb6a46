"""The USB bridges of the boards, by which a serial port is recognised."""

from dataclasses import dataclass

__all__ = ["FT2232H", "ICEBREAKER", "TANG_NANO_9K", "ULX3S", "USB_BOARDS", "UsbBoard"]

FT2232H = (0x0403, 0x6010)
"""A bridge with two ports: the first is the programmer's, the second the UART."""
FT231X = (0x0403, 0x6015)


@dataclass(frozen=True)
class UsbBoard:
    """A board as it appears on USB.

    Parameters
    ----------
    name : str
        Name on the command line.
    title : str
    usb : tuple of (int, int)
        Vendor and product id of its USB bridge.
    words : tuple of str
        In lower case: if the bridge's description contains one of them, this board is more likely
        than others with the same bridge.
    """

    name: str
    title: str
    usb: tuple[int, int]
    words: tuple[str, ...]


ICEBREAKER = UsbBoard("icebreaker", "iCEBreaker (iCE40UP5K)", FT2232H, ("icebreaker",))
ULX3S = UsbBoard("ulx3s", "ULX3S-85F (LFE5U-85F)", FT231X, ("ulx3s",))
TANG_NANO_9K = UsbBoard(
    # Its bridge, a BL702, identifies itself as an FT2232H.
    "tangnano9k",
    "Tang Nano 9K (GW1NR-9C)",
    FT2232H,
    ("sipeed", "jtag debugger", "tang"),
)

USB_BOARDS = (ICEBREAKER, ULX3S, TANG_NANO_9K)
