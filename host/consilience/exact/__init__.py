"""Exact log sums in integers: mergeable states, and the kernels of the cpu device."""
