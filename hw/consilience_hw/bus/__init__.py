"""A log sum unit behind registers, for a CPU: the map in `spec.register_map`, two buses."""
