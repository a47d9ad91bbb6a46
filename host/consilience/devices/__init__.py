"""Everything that can fuse: the cpu, the simulated gateware, and what is reached over a link."""
