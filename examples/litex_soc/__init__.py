"""A LiteX SoC whose CPU sums through the exported core, in simulation."""
