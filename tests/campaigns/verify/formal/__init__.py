"""Proofs about the gateware, by Yosys and the SMT solver Yices.

``netlist`` makes a component, or what synthesis makes of it, into one flat module; ``influence``
follows its bits; ``proof`` asks the solver. On these stand `timing` (no handshake depends on data)
and `streams` (the rules of streams, framing, sessions, and the exact sum).
"""
