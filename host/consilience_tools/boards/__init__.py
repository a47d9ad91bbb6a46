"""Boards: their bitstreams, how they are programmed, and the ports at which they may be found."""
