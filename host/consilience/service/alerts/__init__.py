"""Alarms told to people: each once a target, kept on disk until it is taken."""
