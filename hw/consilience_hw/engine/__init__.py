"""The engine, link bytes in, link bytes out: its core, its jobs, and the units they share."""
