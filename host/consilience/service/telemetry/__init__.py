"""What a service says of itself: its log, and figures for Prometheus."""
