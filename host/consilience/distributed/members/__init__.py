"""Who may speak on the plane: nodes and producers with keys, and their signed messages."""
