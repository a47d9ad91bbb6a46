"""Code to mantissa and position: 2^x, rounded once."""
