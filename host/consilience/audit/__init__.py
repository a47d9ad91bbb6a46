"""Proof for outsiders: packages from which a third party recomputes every verdict."""
