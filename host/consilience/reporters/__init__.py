"""Evidence by reporters of whom some lie: what each says of an agent, fused robustly."""
