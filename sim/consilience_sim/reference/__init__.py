"""High-precision logarithms, the proved error budget, and the fixed vector set."""
