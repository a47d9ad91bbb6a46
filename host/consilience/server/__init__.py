"""A device's side of the link in software, and devices served to others over TCP."""
