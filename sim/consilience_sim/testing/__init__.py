"""Test benches of streams for Amaranth's simulator, and the oracle of link frames."""
