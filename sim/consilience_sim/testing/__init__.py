"""Test benches of streams for Amaranth's simulator."""
