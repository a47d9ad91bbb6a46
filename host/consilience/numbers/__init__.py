"""Floats to codes and back, and log sums of floats."""
