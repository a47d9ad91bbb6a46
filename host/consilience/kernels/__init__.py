"""Compiled integer loops of the cpu device."""
