"""Packets of codes to one code each: exp2, reduction and log2 as one unit."""
