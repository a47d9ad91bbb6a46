"""The CRC-32 of the link, a byte per cycle."""

from amaranth.hdl import Module, ResetInserter, Value
from amaranth.lib.crc import Processor
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC

__all__ = ["add_crc32"]


def add_crc32(m: Module, begin: Value) -> Processor:
    """Add a CRC-32/ISO-HDLC (zlib's) as submodule `crc` of `m`.

    `begin` sets it to the CRC of no bytes, and wins over ``valid``. Set ``data`` and ``valid``;
    ``crc`` and ``match_detected`` follow a cycle later. The `start` of the processor would cost a
    gate per bit; the reset of a register costs none.
    """
    processor = CRC32_ISO_HDLC(data_width=8).create()
    m.submodules.crc = ResetInserter(begin)(processor)
    return processor
