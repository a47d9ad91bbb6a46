"""Benches for place and route: units between registers, with results folded into one pin."""
