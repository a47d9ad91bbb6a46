"""State to code: log2 of a sum, with the one rounding."""
