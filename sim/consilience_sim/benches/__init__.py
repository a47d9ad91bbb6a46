"""Models of the gateware's benches: what their folded results must be."""
