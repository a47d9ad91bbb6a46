"""Terms to the exact windowed state of a packet: lanes, beats, packets."""
