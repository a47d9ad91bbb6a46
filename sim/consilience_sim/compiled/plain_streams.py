"""A component whose streams have all their wires at its edge."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["can_stall", "with_plain_streams"]


def with_plain_streams(component: Any) -> Any:
    """Return the component, in a shell if one of its streams is a flow.

    What is always ready or always valid is a constant, which no simulator can drive or see. The
    shell's streams have it as a wire; one that goes in is not looked at.
    """
    signatures = [component.signature.members[name].signature for name in ("i", "o")]
    if not any(signature.always_ready or signature.always_valid for signature in signatures):
        return component
    return _Shell(component)


def can_stall(component: Any) -> bool:
    """Return whether the component waits for the sink of its outputs."""
    return not component.signature.members["o"].signature.always_ready


class _Shell(wiring.Component):  # type: ignore[misc]  # Amaranth has no types
    """A component within plain streams."""

    def __init__(self, inside: Any) -> None:
        self.inside = inside
        super().__init__(
            {
                "i": In(stream.Signature(inside.i.payload.shape())),
                "o": Out(stream.Signature(inside.o.payload.shape())),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        """Connect the wires that there are."""
        m = Module()
        m.submodules.inside = inside = self.inside
        i, o = (inside.signature.members[name].signature for name in ("i", "o"))
        m.d.comb += [
            inside.i.payload.eq(self.i.payload),
            self.i.ready.eq(inside.i.ready),
            self.o.payload.eq(inside.o.payload),
            self.o.valid.eq(inside.o.valid),
        ]
        if not i.always_valid:
            m.d.comb += inside.i.valid.eq(self.i.valid)
        if not o.always_ready:
            m.d.comb += inside.o.ready.eq(self.o.ready)
        return m
