"""Evidence files: read in chunks, grouped by agent, fused on a device, written in one piece."""
