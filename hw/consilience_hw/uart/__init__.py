"""The UART of the boards: 8 data bits, no parity, one stop bit."""

from .phy import UartPhy

__all__ = ["UartPhy"]
