"""Exact log sums in integers: states that can be merged and taken back."""
