"""The link under fire on the wire: what happens to frames, down to the pins of the gateware."""
