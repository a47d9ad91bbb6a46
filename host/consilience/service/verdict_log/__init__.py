"""The Merkle log of a service: what came, what followed, and every alarm, provable years later."""
