"""Bodies of requests, to observations."""
