"""A device served to others over TCP."""
